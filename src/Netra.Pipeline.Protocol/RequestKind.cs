namespace Netra.Pipeline.Protocol;

/// <summary>What a run waits for. See section 9.10 of docs/protocol.md. Logs store the values.</summary>
public enum RequestKind : byte
{
    /// <summary><c>approval</c>: yes or no.</summary>
    Approval,

    /// <summary><c>choice</c>: one of several texts.</summary>
    Choice,

    /// <summary><c>text</c>: a text.</summary>
    Text,

    /// <summary><c>external</c>: any JSON, from something else than a person.</summary>
    External,
}

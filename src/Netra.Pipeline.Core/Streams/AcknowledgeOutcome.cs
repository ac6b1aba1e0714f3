namespace Netra.Pipeline.Streams;

/// <summary>What became of an acknowledgement.</summary>
internal enum AcknowledgeOutcome
{
    /// <summary>It confirmed something new.</summary>
    Progress,

    /// <summary>It confirmed nothing new.</summary>
    NoOp,

    /// <summary>It confirms what was never written: a protocol error.</summary>
    AboveWritten,
}

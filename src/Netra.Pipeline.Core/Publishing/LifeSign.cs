namespace Netra.Pipeline.Publishing;

/// <summary>What is published like an event and is none (docs/protocol.md, section 9.8).</summary>
internal enum LifeSign
{
    /// <summary>An event, then.</summary>
    None,

    /// <summary><c>heartbeat</c>: the run goes on.</summary>
    Heartbeat,

    /// <summary><c>waiting</c>: nothing is to be expected for a while.</summary>
    Waiting,
}

namespace Netra.Pipeline.Events;

/// <summary>
/// How far an accepted event has come. Each stage includes those before it, but that a connection may have an event before the log has
/// stored it, where the log numbers before it commits.
/// </summary>
public enum DeliveryStage
{
    /// <summary>The log has it in hand. Where the log numbers before it commits, it has its number.</summary>
    Accepted,

    /// <summary>The log has stored it: it survives the process.</summary>
    Stored,

    /// <summary>At least one connection that is open now has it in its queue, or in its replay.</summary>
    Queued,

    /// <summary>At least one connection that is open now has handed it to its transport. That says nothing about delivery.</summary>
    Written,

    /// <summary>The application of at least one device has handled it.</summary>
    Acknowledged,
}

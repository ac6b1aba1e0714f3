namespace Netra.Pipeline.Emission;

/// <summary>What an emitter does when an event is accepted, but the queue of a connection is full.</summary>
public enum OverflowBehavior
{
    /// <summary>
    /// Throw <see cref="Failures.BufferOverflowException"/> with <c>Accepted = true</c>, once per connection that turns lagging. Where the log
    /// numbers at the commit, a full queue is found after the call has returned: it is reported. The default.
    /// </summary>
    Raise,

    /// <summary>
    /// Report it and return the receipt. The emitters of agents and tools do this: one stalled tab must not end the run for every tab, and a
    /// second try would make a second event.
    /// </summary>
    Report,

    /// <summary>
    /// Wait, before anything is numbered, until every connection has room; after <see cref="EmitterOptions.WaitTimeout"/> throw with
    /// <c>Accepted = false</c>. Nobody waits for a frozen page: its overflow is reported. Where the log numbers at the commit, only room in
    /// the log is waited for.
    /// </summary>
    Wait,
}

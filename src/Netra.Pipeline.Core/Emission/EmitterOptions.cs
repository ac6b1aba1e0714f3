using Netra.Pipeline.Events;
using Netra.Pipeline.Runs;

namespace Netra.Pipeline.Emission;

/// <summary>How an emitter behaves.</summary>
public sealed record EmitterOptions
{
    /// <summary>For what the server says of runs and commands by itself: a guard that waits for the log is not a guard.</summary>
    internal static readonly EmitterOptions OfServer = new()
    {
        Overflow = OverflowBehavior.Report,
        RoomTimeout = TimeSpan.Zero,
        IsOfServer = true,
    };

    /// <summary>What happens when the queue of a connection is full. Default <see cref="OverflowBehavior.Raise"/>.</summary>
    public OverflowBehavior Overflow { get; init; } = OverflowBehavior.Raise;

    /// <summary>How long <see cref="OverflowBehavior.Wait"/> waits. Above zero; default 10 s.</summary>
    public TimeSpan WaitTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// How long an event waits where the log is full, or cannot store anything at the moment, before it is refused; zero to be refused at
    /// once. Not negative and at most 1 day; default:
    /// <c>Netra:Emission:RoomTimeout</c>.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">It is negative, or above 1 day.</exception>
    public TimeSpan? RoomTimeout
    {
        get;
        init
        {
            if (value is { } timeout)
            {
                ArgumentOutOfRangeException.ThrowIfLessThan(timeout, TimeSpan.Zero, nameof(value));
                ArgumentOutOfRangeException.ThrowIfGreaterThan(timeout, TimeSpan.FromDays(1), nameof(value));
            }

            field = value;
        }
    }

    /// <summary>
    /// For how long the run may say nothing: <c>agent_started</c> says it. 1 s to 1 day; default: <c>Netra:Monitoring:RunLease</c>.
    /// </summary>
    public TimeSpan? Lease { get; init; }

    /// <summary>
    /// The attempt of the run that the events belong to, from 1: <c>agent_started</c> begins it (docs/protocol.md, section 9.9). Default:
    /// the latest one when the emitter is made.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">It is below 1.</exception>
    public int? Attempt
    {
        get;
        init
        {
            if (value is { } attempt)
            {
                ArgumentOutOfRangeException.ThrowIfLessThan(attempt, 1, nameof(value));
            }

            field = value;
        }
    }

    /// <summary>
    /// The attempt that the emitter's publisher is at, where it has other emitters of the run; null for a publisher of its own.
    /// </summary>
    internal PublisherAttempt? Publisher { get; init; }

    /// <summary>
    /// What the agent was asked, to be stored with the run's beginning: another process can start it again when the run waits. Null for a
    /// run that cannot be.
    /// </summary>
    internal ReadOnlyMemory<byte>? Input { get; init; }

    /// <summary>
    /// The agent that runs in this process, so that the run cannot outlive it; null for a run whose work goes on elsewhere,
    /// or that the caller frames by itself.
    /// </summary>
    internal string? EmbeddedAgent { get; init; }

    /// <summary>Whether the server says something of its own about the run: that is no sign of life, and out of no order.</summary>
    internal bool IsOfServer { get; init; }

    /// <summary>The request from outside whose events these are; null for those of this process.</summary>
    internal RunPublisher? Request { get; init; }

    internal static EmitterOptions Default { get; } = new();
}

/// <summary>What an emitter does when an event is accepted, but the queue of a connection is full.</summary>
public enum OverflowBehavior
{
    /// <summary>
    /// Throw <see cref="Failures.BufferOverflowException"/> with <c>Accepted = true</c>, once per connection that turns lagging. Where the
    /// log numbers at the commit, a full queue is found after the call has returned: it is reported. The default.
    /// </summary>
    Raise,

    /// <summary>
    /// Report it and return the receipt. The emitters of agents and tools do this: one stalled tab must not end the run for every tab, and
    /// a second try would make a second event.
    /// </summary>
    Report,

    /// <summary>
    /// Wait, before anything is numbered, until every connection has room: until fewer than a quarter of its queue's frames wait (of 64
    /// at least, or of all in a smaller queue) and the bytes fit, so that what is emitted does not stand in a long queue. Beside emitters
    /// that do not wait and keep it fuller than that it waits in vain. After <see cref="EmitterOptions.WaitTimeout"/> throw
    /// with <c>Accepted = false</c>. A frozen page is not waited for: its overflow is reported. Where the log numbers at the
    /// commit, only room in the log is waited for.
    /// </summary>
    Wait,
}

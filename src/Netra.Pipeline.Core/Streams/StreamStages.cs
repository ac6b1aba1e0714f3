using Netra.Pipeline.Events;
using Netra.Pipeline.Failures;
using Netra.Pipeline.Protocol;

namespace Netra.Pipeline.Streams;

/// <summary>How far each event has come, and the callers that wait for it to come further. Guarded by the stream's lock.</summary>
/// <remarks>Members that are called from outside the stream take the lock, and say so.</remarks>
internal sealed class StreamStages(StreamState state, StreamAcknowledgements acknowledgements, StreamSubscribers subscribers)
{
    private const string Waiting = "AwaitDelivery";

    private readonly StageWaiters _waiters = new();
    private readonly CommitWaiters _commitWaiters = new();

    /// <summary>Whether a caller waits for more than a commit.</summary>
    public bool HasWaiters => _waiters.Any;

    /// <summary>How far an event has come at this moment. Takes the lock.</summary>
    public DeliveryStage StageOf(long seq)
    {
        lock (state.Gate)
        {
            return StageOfLocked(seq);
        }
    }

    /// <summary>Whether an event is acknowledged. Takes the lock.</summary>
    public bool IsAcknowledged(long seq) => StageOf(seq) == DeliveryStage.Acknowledged;

    /// <summary>Completes when the log has stored everything up to a number. Takes the lock.</summary>
    public Task WhenCommittedAsync(long seq)
    {
        lock (state.Gate)
        {
            return WhenCommittedLocked(seq);
        }
    }

    /// <summary>Completes when the log has stored everything up to a number.</summary>
    public Task WhenCommittedLocked(long seq) => seq <= state.Committed ? Task.CompletedTask : _commitWaiters.Add(seq);

    /// <summary>Completes when an event has reached a stage. Takes the lock.</summary>
    /// <exception cref="TimeoutException">It did not in time.</exception>
    /// <exception cref="EventDroppedException">It expired before that.</exception>
    /// <exception cref="SendFailureException">It is a dead letter, or the log has ended without storing it.</exception>
    public async Task WhenAsync(long seq, DeliveryStage stage, TimeSpan timeout, CancellationToken cancellationToken)
    {
        StageWaiter waiter;
        lock (state.Gate)
        {
            if (StageOfLocked(seq) >= stage)
            {
                return;
            }

            if (acknowledgements.DeadLetters.Contains(seq))
            {
                throw SendFailureException.Unconfirmed(Scope(Waiting), seq);
            }

            if (seq <= state.ExpiredThrough)
            {
                throw new EventDroppedException(Scope(Waiting), seq, seq, GapCause.Expired);
            }

            waiter = _waiters.Add(stage, seq);
        }

        try
        {
            var reached = stage == DeliveryStage.Stored ? WhenCommittedAsync(seq) : waiter.Task;
            await reached.WaitAsync(timeout, state.Time, cancellationToken);
        }
        catch (TimeoutException exception)
        {
            throw new TimeoutException(
                $"Event {state.IdOf(seq)} did not come to stage {stage} within {timeout}; it is at {StageOf(seq)}.", exception);
        }
        finally
        {
            lock (state.Gate)
            {
                _waiters.Remove(waiter);
            }
        }
    }

    /// <summary>To be called by a connection's writer when it has handed frames to its transport. Takes the lock.</summary>
    public void OnWritten()
    {
        if (_waiters.Any)
        {
            lock (state.Gate)
            {
                _waiters.Release(StageOfLocked);
            }
        }
    }

    /// <summary>Events have come further: releases the waiters whose event has reached their stage.</summary>
    public void Release()
    {
        if (_waiters.Any)
        {
            _waiters.Release(StageOfLocked);
        }
    }

    /// <summary>The log has stored more: releases the waiters for it.</summary>
    public void OnCommitted() => _commitWaiters.Release(state.Committed);

    /// <summary>Retention has deleted the events up to a number: they will not come any further.</summary>
    public void OnExpired(long through) => _waiters.Fail(
        seq => seq <= through,
        seq => new EventDroppedException(Scope(Waiting), seq, seq, GapCause.Expired));

    /// <summary>Events became dead letters.</summary>
    public void OnDeadLettered(int attempts) => _waiters.Fail(
        acknowledgements.DeadLetters.Contains,
        seq => SendFailureException.Unconfirmed(Scope(Waiting), seq, attempts));

    /// <summary>The log ends without having stored all that it has accepted.</summary>
    public void OnAbandoned(Exception cause)
    {
        _commitWaiters.FailAll(SendFailureException.LogFailed(Scope("Store"), cause.Message, state.Head, cause));
        _waiters.Fail(
            seq => seq > state.Committed,
            seq => SendFailureException.LogFailed(Scope(Waiting), cause.Message, seq, cause));
    }

    private FailureScope Scope(string operation) => new(operation, state.UserId);

    private DeliveryStage StageOfLocked(long seq)
    {
        if (acknowledgements.Contains(seq))
        {
            return DeliveryStage.Acknowledged;
        }

        var stage = seq <= state.Committed ? DeliveryStage.Stored : DeliveryStage.Accepted;
        foreach (var subscription in subscribers.All)
        {
            if (subscription.HasWritten(seq))
            {
                return DeliveryStage.Written;
            }

            stage = subscription.HasQueued(seq) ? DeliveryStage.Queued : stage;
        }

        return stage;
    }
}

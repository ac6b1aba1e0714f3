using Netra.Pipeline.Events;

namespace Netra.Pipeline.Streams;

/// <summary>
/// Callers that wait for events to reach a stage of their delivery. Guarded by the stream's lock, but for <see cref="Any"/>. Continuations
/// never run on the releasing thread. Bounded by the callers: one waiter is one call, which removes it when it gives up.
/// </summary>
internal sealed class StageWaiters
{
    private readonly List<StageWaiter> _waiters = [];
    private volatile bool _any;

    /// <summary>Whether there are waiters; may be read without the lock.</summary>
    public bool Any => _any;

    public StageWaiter Add(DeliveryStage stage, long seq)
    {
        var waiter = new StageWaiter(stage, seq);
        _waiters.Add(waiter);
        _any = true;
        return waiter;
    }

    public void Remove(StageWaiter waiter)
    {
        _waiters.Remove(waiter);
        _any = _waiters.Count > 0;
    }

    /// <summary>Releases the waiters whose event has reached their stage.</summary>
    public void Release(Func<long, DeliveryStage> stageOf)
    {
        for (var i = _waiters.Count - 1; i >= 0; i--)
        {
            if (stageOf(_waiters[i].Seq) >= _waiters[i].Stage)
            {
                _waiters[i].Reached();
                _waiters.RemoveAt(i);
            }
        }

        _any = _waiters.Count > 0;
    }

    /// <summary>Fails the waiters of some events, which will not get any further.</summary>
    /// <param name="concerns">Which events.</param>
    /// <param name="cause">Makes the exception for a number.</param>
    public void Fail(Func<long, bool> concerns, Func<long, Exception> cause)
    {
        for (var i = _waiters.Count - 1; i >= 0; i--)
        {
            if (concerns(_waiters[i].Seq))
            {
                _waiters[i].Fail(cause(_waiters[i].Seq));
                _waiters.RemoveAt(i);
            }
        }

        _any = _waiters.Count > 0;
    }
}

/// <summary>One wait for one event to reach a stage.</summary>
internal sealed class StageWaiter(DeliveryStage stage, long seq)
{
    private readonly TaskCompletionSource _source = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public DeliveryStage Stage { get; } = stage;

    public long Seq { get; } = seq;

    public Task Task => _source.Task;

    public void Reached() => _source.TrySetResult();

    public void Fail(Exception cause) => _source.TrySetException(cause);
}

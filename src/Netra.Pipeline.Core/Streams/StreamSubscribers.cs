using System.Diagnostics.CodeAnalysis;
using Netra.Pipeline.Events;
using Netra.Pipeline.Failures;
using Netra.Pipeline.Storage;

namespace Netra.Pipeline.Streams;

/// <summary>
/// The user's connections: hands each event to their queues, and lets emitters wait until all of them have room. Guarded by the stream's
/// lock.
/// </summary>
/// <remarks>Members that are called from outside the stream take the lock, and say so.</remarks>
internal sealed class StreamSubscribers(StreamState state)
{
    private readonly RoomWaiters _waiters = new();
    private StreamSubscription[] _all = [];

    /// <summary>The places of the connections at a moment. Needs no lock.</summary>
    public StreamSubscription[] All => Volatile.Read(ref _all);

    public void Add(StreamSubscription subscription) => _all = [.. _all, subscription];

    public void Remove(StreamSubscription subscription)
    {
        _all = [.. _all.Where(s => s != subscription)];
        _waiters.ReleaseAll();
    }

    /// <summary>Hands an event to the queue of every connection that has room.</summary>
    public AppendOutcome FanOut(long seq, byte[] buffer, long acceptedAt, bool critical)
    {
        var (connected, lagging) = (0, 0);
        List<OverflowedConnection>? overflowed = null;
        var frame = SendFrame.ForLiveEvent(seq, buffer, acceptedAt);
        foreach (var subscription in _all)
        {
            if (critical && subscription.IsQuiet)
            {
                subscription.Queue.RequestPing();
            }

            if (subscription.Mode == SubscriptionMode.Live)
            {
                if (subscription.Queue.TryEnqueue(frame))
                {
                    subscription.LastQueued = seq;
                }
                else
                {
                    (overflowed ??= []).Add(subscription.DescribeOverflow());
                    subscription.FallBehind(seq);
                }
            }

            // A frozen page counts as offline, however far it is behind.
            if (subscription.IsPresent)
            {
                lagging += subscription.Mode == SubscriptionMode.Lagging ? 1 : 0;
                connected += subscription.Mode != SubscriptionMode.Lagging ? 1 : 0;
            }

            subscription.Queue.Wake();
        }

        return new AppendOutcome(AppendKind.Accepted, seq, connected, lagging, overflowed);
    }

    /// <summary>A connection has read all that it had missed.</summary>
    public void GoLive(StreamSubscription subscription)
    {
        subscription.Mode = SubscriptionMode.Live;
        subscription.UpdateHasPages();
        _waiters.ReleaseAll();
    }

    /// <summary>Whether every present connection has room for an event.</summary>
    public bool HasRoom(int bytes)
    {
        foreach (var subscription in _all)
        {
            if (!HasRoom(subscription, bytes))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>
    /// Completes when every present connection has room again, or one of them has ended; the caller tries again then. Takes the lock.
    /// </summary>
    public Task WaitForRoomAsync(in EventDraft draft)
    {
        lock (state.Gate)
        {
            // First the waiter is put on the list, then the look, with a fence between: a writer takes frames off first and looks at the
            // list then, so one of the two sees the other.
            var waiter = _waiters.Add();
            Interlocked.MemoryBarrier();
            return HasRoom(draft.LengthAt(state.Head + 1)) ? Task.CompletedTask : waiter;
        }
    }

    /// <summary>The present connections that lag, or have no room for an event, for a failure's text. Takes the lock.</summary>
    public List<OverflowedConnection> WithoutRoom(in EventDraft draft)
    {
        lock (state.Gate)
        {
            var bytes = draft.LengthAt(state.Head + 1);
            return [.. _all.Where(s => !HasRoom(s, bytes)).Select(static s => s.DescribeOverflow())];
        }
    }

    /// <summary>
    /// To be called by a connection's writer when it has taken frames off its queue, and by its tick when its page has become present or
    /// absent, so that no emitter waits for an absent page. Takes the lock.
    /// </summary>
    public void OnDrained()
    {
        // Pairs with the fence of WaitForRoomAsync.
        Interlocked.MemoryBarrier();
        if (_waiters.Any)
        {
            lock (state.Gate)
            {
                _waiters.ReleaseAll();
            }
        }
    }

    /// <summary>
    /// Takes back the events in a connection's queue, since all queues together hold too much: it lags from the first of them, and reads
    /// them from the log. Takes the lock.
    /// </summary>
    /// <param name="subscription">The connection's place.</param>
    /// <param name="taken">How full its queue was.</param>
    /// <returns>Whether there was something to take back.</returns>
    public bool TryTakeBack(StreamSubscription subscription, [NotNullWhen(true)] out OverflowedConnection? taken)
    {
        lock (state.Gate)
        {
            taken = subscription.DescribeOverflow();
            if (subscription.IsDetached || subscription.Queue.TakeBackEvents() is not (> 0 and var first))
            {
                taken = null;
                return false;
            }

            subscription.FallBehind(first);
            state.Services.Counters.OnSlowConsumers(1);
        }

        // Its writer may be about to sleep, having found the queue empty before the connection lagged.
        subscription.Queue.Wake();
        return true;
    }

    /// <summary>How many events the pages owe: those of the page that owes most, since one page's acknowledgement counts for all.</summary>
    public long CountOwed(StreamAcknowledgements acknowledgements)
    {
        var most = 0L;
        foreach (var subscription in _all)
        {
            var above = Math.Max(subscription.Acknowledged, subscription.CoverageFrom);
            if (subscription.IsPresent && subscription.LastTold > above)
            {
                var range = new SeqRange(above + 1, subscription.LastTold);
                most = Math.Max(most, range.Count - acknowledgements.CountWithin(range));
            }
        }

        return most;
    }

    // A frozen page counts as offline: no emitter waits for it.
    private static bool HasRoom(StreamSubscription subscription, int bytes)
        => !subscription.IsPresent || (subscription.Mode != SubscriptionMode.Lagging && subscription.Queue.HasRoom(bytes));
}

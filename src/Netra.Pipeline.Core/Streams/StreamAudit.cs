using Netra.Pipeline.Storage;

namespace Netra.Pipeline.Streams;

/// <summary>Hands changed positions of a stream's connections to the audit trail. Guarded by the stream's lock.</summary>
internal sealed class StreamAudit(StreamState state, StreamSubscribers subscribers)
{
    // Positions of connections that ended and are not recorded yet; above it the oldest are left out, and the audit says so.
    private const int MaxDeparted = 1024;

    private Queue<ConnectionProgress>? _departed;

    /// <summary>Records what has changed. Called by the tick; takes the lock.</summary>
    public void Record(DateTimeOffset now)
    {
        lock (state.Gate)
        {
            RecordDeparted();
            foreach (var subscription in subscribers.All)
            {
                var progress = subscription.Progress(now);
                if (progress != subscription.Audited with { At = now } && state.Log.Audit.TryRecord(state.Lease, progress))
                {
                    subscription.Audited = progress;
                }
            }
        }
    }

    /// <summary>Records the last positions of connections that have ended.</summary>
    public void RecordDeparted()
    {
        while (_departed is not null && _departed.TryPeek(out var departed) && state.Log.Audit.TryRecord(state.Lease, departed))
        {
            _departed.Dequeue();
        }
    }

    /// <summary>A connection has ended.</summary>
    public void OnDeparted(StreamSubscription subscription)
    {
        var progress = subscription.Progress(state.Time.GetUtcNow());
        if (progress == subscription.Audited with { At = progress.At })
        {
            return;
        }

        _departed ??= new();
        _departed.Enqueue(progress);
        if (_departed.Count > MaxDeparted)
        {
            _departed.Dequeue();
        }
    }
}

using Netra.Pipeline.Storage;

namespace Netra.Pipeline.Streams;

/// <summary>
/// The log's side of a stream: claims numbers, reads, and is told what the log stores and deletes. Its state is guarded by the stream's
/// lock, which every method takes; the log may call while the same thread holds it.
/// </summary>
internal sealed class StreamStorage(
    StreamState state, EventWindow window, StreamAcknowledgements acknowledgements, StreamStages stages, StreamRuns runs)
    : IStreamOwner
{
    private const int PageBytes = 64 * 1024;

    private Task? _claim;

    /// <summary>
    /// Makes sure that the log knows of numbers to come, so that none is given twice whatever happens. To be awaited before the first
    /// append; concurrent callers share one claim.
    /// </summary>
    public Task ClaimAsync(CancellationToken cancellationToken)
    {
        lock (state.Gate)
        {
            if (_claim is null || _claim.IsFaulted || _claim.IsCanceled)
            {
                _claim = state.Log.ClaimAsync(state.Lease, CancellationToken.None).AsTask();
            }

            return _claim.WaitAsync(cancellationToken);
        }
    }

    /// <summary>Waits until the log has room for an event, which it keeps until the result is disposed.</summary>
    public ValueTask<IDisposable> WaitForRoomAsync(int bytes, CancellationToken cancellationToken)
        => state.Log.WaitForRoomAsync(state.Lease, bytes, cancellationToken);

    /// <summary>Drops committed events while the budget of all windows is exceeded.</summary>
    public void TrimWindow()
    {
        lock (state.Gate)
        {
            window.Trim(state.Committed);
        }
    }

    /// <summary>Drops all committed events, since there is no room for the events that wait for pages.</summary>
    public void LetGoOfWindow()
    {
        lock (state.Gate)
        {
            window.LetGo(state.Committed);
        }
    }

    /// <summary>A page of unacknowledged events, for operators.</summary>
    /// <param name="after">Only higher numbers.</param>
    /// <param name="limit">How many at most.</param>
    /// <param name="cancellationToken">Cancels reading.</param>
    public async ValueTask<IReadOnlyList<StoredEvent>> ReadUnacknowledgedAsync(long after, int limit, CancellationToken cancellationToken)
    {
        IReadOnlyList<SeqRange> open;
        lock (state.Gate)
        {
            var from = Math.Max(after, state.ExpiredThrough) + 1;
            open = from > state.Committed ? [] : SeqRanges.Without(new SeqRange(from, state.Committed), acknowledgements.Ranges);
        }

        var events = new List<StoredEvent>();
        foreach (var range in open)
        {
            for (var next = range.From; next <= range.To && events.Count < limit;)
            {
                var page = await state.Log.ReadPageAsync(state.Lease, range with { From = next }, PageBytes, cancellationToken);
                events.AddRange(page.Events.Take(limit - events.Count));
                var lastEvent = page.Events.Count > 0 ? page.Events[^1].Seq : 0;
                var lastSkip = page.Skipped.Count > 0 ? page.Skipped[^1].To : 0;
                next = Math.Max(lastEvent, lastSkip) is > 0 and var last ? last + 1 : range.To + 1;
            }
        }

        return events;
    }

    /// <summary>A page of the stream's threads.</summary>
    /// <inheritdoc cref="IThreadIndex.ListAsync"/>
    public ValueTask<ThreadPage> ListThreadsAsync(long before, int limit, CancellationToken cancellationToken)
        => state.Log.Threads.ListAsync(state.Lease, before, limit, cancellationToken);

    /// <summary>A page of a thread's events.</summary>
    /// <inheritdoc cref="IThreadIndex.ReadAsync"/>
    public ValueTask<ThreadEvents?> ReadThreadAsync(
        string threadId, long after, int limit, int maxBytes, CancellationToken cancellationToken)
        => state.Log.Threads.ReadAsync(state.Lease, threadId, after, limit, maxBytes, cancellationToken);

    /// <summary>The recorded steps of an event.</summary>
    public ValueTask<EventHistory?> ReadHistoryAsync(long seq, CancellationToken cancellationToken)
        => state.Log.Audit.ReadAsync(state.Lease, seq, cancellationToken);

    /// <inheritdoc/>
    public void OnCommitted(long through, int events)
    {
        lock (state.Gate)
        {
            state.Ledger.OnCommitted(through, events);
            state.Committed = Math.Max(state.Committed, through);
            window.Trim(state.Committed);
            stages.OnCommitted();
        }
    }

    /// <inheritdoc/>
    public IReadOnlyList<SeqRange> ReadAcknowledged()
    {
        lock (state.Gate)
        {
            return [.. acknowledgements.Ranges];
        }
    }

    /// <inheritdoc/>
    public IReadOnlyList<SeqRange> OnExpiring(SeqRange range)
    {
        lock (state.Gate)
        {
            state.ExpiringThrough = Math.Max(state.ExpiringThrough, range.To);
            return SeqRanges.Without(range, acknowledgements.Ranges);
        }
    }

    /// <inheritdoc/>
    public void OnExpired(in ExpiredRange expired)
    {
        lock (state.Gate)
        {
            acknowledgements.OnExpired(expired);
            stages.OnExpired(expired.Range.To);
            runs.Expire(expired.Range.To);
        }
    }

    /// <inheritdoc/>
    public void OnAbandoned(Exception cause)
    {
        lock (state.Gate)
        {
            stages.OnAbandoned(cause);
        }
    }
}

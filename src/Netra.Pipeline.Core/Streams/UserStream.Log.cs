using Netra.Pipeline.Failures;
using Netra.Pipeline.Protocol;
using Netra.Pipeline.Storage;

namespace Netra.Pipeline.Streams;

// What the log tells the stream, and what becomes of it: commits, expiry, eviction, the books.
internal sealed partial class UserStream : IStreamOwner
{
    // Acknowledgements of numbers up to this one confirm nothing any more: they are being deleted.
    private long _expiringThrough;

    public StreamSnapshot Snapshot()
    {
        lock (_gate)
        {
            return new StreamSnapshot(
                _head,
                _committed,
                _expiredThrough,
                ConfirmedEvents(),
                _acknowledged.ContiguousThrough,
                _subscriptions.Length,
                _subscriptions.Count(static s => s.Mode == SubscriptionMode.Lagging),
                _subscriptions.Any(static s => s.IsPresent),
                _ledger.Account(ConfirmedEvents(), _deadLetters.Count))
            { Owed = OwedEvents() };
        }
    }

    /// <summary>Completes when the log has stored everything up to a number.</summary>
    public Task WhenCommittedAsync(long seq)
    {
        lock (_gate)
        {
            return seq <= _committed ? Task.CompletedTask : _commitWaiters.Add(seq);
        }
    }

    /// <summary>Whether nobody needs the stream: unpinned, unconnected, everything committed, and no dead letter to be settled.</summary>
    /// <param name="since">The timestamp at which it was needed last.</param>
    public bool IsIdle(out long since)
    {
        lock (_gate)
        {
            since = _idleSince;
            return IsIdleLocked() && !_evicted;
        }
    }

    /// <summary>Ends the stream if nobody needs it, nor has since a time.</summary>
    /// <param name="since">What <see cref="IsIdle"/> said.</param>
    public bool TryEvict(long since)
    {
        lock (_gate)
        {
            if (!IsIdleLocked() || _idleSince != since)
            {
                return false;
            }

            RecordDeparted();
            return EvictLocked();
        }
    }

    /// <summary>
    /// Ends the stream whoever still holds it, since the pipeline has stopped: once the log has stored what it has in hand.
    /// </summary>
    /// <returns>Whether it was still there.</returns>
    public async ValueTask<bool> CloseAsync(CancellationToken cancellationToken)
    {
        Task stored;
        lock (_gate)
        {
            if (!EvictLocked())
            {
                return false;
            }

            stored = _committed == _head ? Task.CompletedTask : _commitWaiters.Add(_head);
        }

        await stored.WaitAsync(cancellationToken);
        return true;
    }

    /// <summary>Gives the lease of an evicted stream back, with its dead letters settled that were confirmed last.</summary>
    public async ValueTask ReleaseAsync(CancellationToken cancellationToken)
    {
        try
        {
            if (HasRevived)
            {
                await SettleRevivedAsync(cancellationToken);
            }
        }
        finally
        {
            await _log.ReleaseAsync(_lease, ReadAcknowledged(), cancellationToken);
        }
    }

    /// <summary>Lets go of committed events while the budget of all windows is exceeded.</summary>
    public void TrimWindow()
    {
        lock (_gate)
        {
            _window.Trim(_committed);
        }
    }

    /// <summary>Lets go of all committed events, since there is no room for what pages wait for.</summary>
    public void LetGoOfWindow()
    {
        lock (_gate)
        {
            _window.LetGo(_committed);
        }
    }

    /// <summary>A page of events that nobody has acknowledged, for operators.</summary>
    /// <param name="after">Only higher numbers.</param>
    /// <param name="limit">How many at most.</param>
    /// <param name="cancellationToken">Cancels reading.</param>
    public async ValueTask<IReadOnlyList<StoredEvent>> ReadUnacknowledgedAsync(long after, int limit, CancellationToken cancellationToken)
    {
        const int PageBytes = 64 * 1024;
        IReadOnlyList<SeqRange> open;
        lock (_gate)
        {
            var from = Math.Max(after, _expiredThrough) + 1;
            open = from > _committed ? [] : SeqRanges.Without(new SeqRange(from, _committed), _acknowledged.Ranges);
        }

        var events = new List<StoredEvent>();
        foreach (var range in open)
        {
            for (var next = range.From; next <= range.To && events.Count < limit;)
            {
                var page = await _log.ReadPageAsync(_lease, range with { From = next }, PageBytes, cancellationToken);
                events.AddRange(page.Events.Take(limit - events.Count));
                var lastEvent = page.Events.Count > 0 ? page.Events[^1].Seq : 0;
                var lastSkip = page.Skipped.Count > 0 ? page.Skipped[^1].To : 0;
                next = Math.Max(lastEvent, lastSkip) is > 0 and var last ? last + 1 : range.To + 1;
            }
        }

        return events;
    }

    /// <summary>What is known of an event's way.</summary>
    public ValueTask<EventHistory?> ReadHistoryAsync(long seq, CancellationToken cancellationToken) => _log.Audit.ReadAsync(_lease, seq, cancellationToken);

    /// <summary>Whether an event is acknowledged.</summary>
    public bool IsAcknowledged(long seq)
    {
        lock (_gate)
        {
            return _acknowledged.Contains(seq);
        }
    }

    /// <inheritdoc/>
    public void OnCommitted(long through, int events)
    {
        lock (_gate)
        {
            _ledger.OnCommitted(through, events);
            _committed = Math.Max(_committed, through);
            _window.Trim(_committed);
            _commitWaiters.Release(_committed);
        }
    }

    /// <inheritdoc/>
    public IReadOnlyList<SeqRange> ReadAcknowledged()
    {
        lock (_gate)
        {
            return [.. _acknowledged.Ranges];
        }
    }

    /// <inheritdoc/>
    public IReadOnlyList<SeqRange> OnExpiring(SeqRange range)
    {
        lock (_gate)
        {
            _expiringThrough = Math.Max(_expiringThrough, range.To);
            return SeqRanges.Without(range, _acknowledged.Ranges);
        }
    }

    /// <inheritdoc/>
    public void OnExpired(in ExpiredRange expired)
    {
        var range = expired.Range;
        lock (_gate)
        {
            var letters = _deadLetters.RemoveWhere(seq => seq <= range.To);
            _ledger.OnExpired(expired, range.Count - SeqRanges.CountWithin(range, _skipped), letters);
            _expiredThrough = Math.Max(_expiredThrough, range.To);
            _acknowledged.Forget(range.To);
            _skipped.RemoveAll(skip => skip.To <= range.To);
            _criticals.Trim();
            _stageWaiters.Fail(
                seq => seq <= range.To,
                seq => new EventDroppedException(new FailureScope("AwaitDelivery", UserId), seq, seq, GapCause.Expired));
        }
    }

    /// <inheritdoc/>
    public void OnAbandoned(Exception cause)
    {
        lock (_gate)
        {
            _commitWaiters.FailAll(SendFailureException.LogFailed(new FailureScope("Store", UserId), cause.Message, _head, cause));
            _stageWaiters.Fail(
                seq => seq > _committed,
                seq => SendFailureException.LogFailed(new FailureScope("AwaitDelivery", UserId), cause.Message, seq, cause));
        }
    }

    // Of several pages the one that owes most: what one acknowledges is acknowledged for all.
    private long OwedEvents()
    {
        var most = 0L;
        foreach (var subscription in _subscriptions)
        {
            var above = Math.Max(subscription.Acknowledged, subscription.CoverageFrom);
            if (subscription.IsPresent && subscription.LastTold > above)
            {
                var range = new SeqRange(above + 1, subscription.LastTold);
                most = Math.Max(most, range.Count - _acknowledged.CountWithin(range));
            }
        }

        return most;
    }

    private bool IsIdleLocked()
        => _pins == 0 && _subscriptions.Length == 0 && !_stageWaiters.Any && _revived.Count == 0 && _committed == _head;

    private bool EvictLocked()
    {
        if (_evicted)
        {
            return false;
        }

        _evicted = true;
        _window.Clear();
        _observers.Close(Observer);
        return true;
    }

    // Skipped numbers lie inside acknowledged intervals, but no events do there.
    private long ConfirmedEvents()
    {
        var confirmed = _acknowledged.Count;
        foreach (var skip in _skipped)
        {
            confirmed -= _acknowledged.CountWithin(skip);
        }

        return confirmed;
    }
}

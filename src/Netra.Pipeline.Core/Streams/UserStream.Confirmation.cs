using Netra.Pipeline.Events;
using Netra.Pipeline.Failures;
using Netra.Pipeline.Storage;

namespace Netra.Pipeline.Streams;

// Confirmation: what devices have handled, who waits for it, and which critical events nobody has confirmed.
internal sealed partial class UserStream
{
    // Positions of connections that ended and are not recorded yet; above it the oldest are left out, and the audit says so.
    private const int MaxDeparted = 1024;

    // Ends of runs that a user who is there has not acknowledged; above it the oldest count as never acknowledged.
    private const int MaxTerminals = 256;

    private readonly SortedSet<long> _deadLetters;
    private readonly List<long> _revived = [];
    private readonly Queue<ConnectionProgress> _departed = new();
    private readonly Queue<long> _terminals = new();
    private int _hasRevived;
    private long _unconfirmedSince;

    /// <summary>The oldest critical event that nobody has confirmed; 0 when there is none. Read without the lock, by the tick.</summary>
    public long OldestCritical => _criticals.Oldest;

    /// <summary>
    /// Since when a page that was closed for what it did not confirm has made no progress, as a timestamp; 0 when it has, or when the alarm
    /// was raised. The next connection goes on from there.
    /// </summary>
    public long UnconfirmedSince
    {
        get => Volatile.Read(ref _unconfirmedSince);
        set => Volatile.Write(ref _unconfirmedSince, value);
    }

    /// <summary>How far an event has come at this moment.</summary>
    public DeliveryStage StageOf(long seq)
    {
        lock (_gate)
        {
            return StageOfLocked(seq);
        }
    }

    /// <summary>Completes when an event has come to a stage.</summary>
    /// <exception cref="TimeoutException">It has not in time.</exception>
    /// <exception cref="EventDroppedException">It expired before.</exception>
    /// <exception cref="SendFailureException">It is a dead letter, or the log has ended without storing it.</exception>
    public async Task WhenStageAsync(long seq, DeliveryStage stage, TimeSpan timeout, CancellationToken cancellationToken)
    {
        StageWaiter waiter;
        lock (_gate)
        {
            if (StageOfLocked(seq) >= stage)
            {
                return;
            }

            if (_deadLetters.Contains(seq))
            {
                throw SendFailureException.Unconfirmed(new FailureScope("AwaitDelivery", UserId), seq);
            }

            if (seq <= _expiredThrough)
            {
                throw new EventDroppedException(new FailureScope("AwaitDelivery", UserId), seq, seq, Protocol.GapCause.Expired);
            }

            waiter = _stageWaiters.Add(stage, seq);
        }

        try
        {
            await (stage == DeliveryStage.Stored ? WhenCommittedAsync(seq) : waiter.Task).WaitAsync(timeout, _time, cancellationToken);
        }
        catch (TimeoutException exception)
        {
            throw new TimeoutException($"Event {IdOf(seq)} did not come to stage {stage} within {timeout}; it is at {StageOf(seq)}.", exception);
        }
        finally
        {
            lock (_gate)
            {
                _stageWaiters.Remove(waiter);
            }
        }
    }

    /// <summary>
    /// Whether dead letters wait to be settled, since a device has acknowledged them after all. Read without the lock, by the tick.
    /// </summary>
    public bool HasRevived => Volatile.Read(ref _hasRevived) != 0;

    /// <summary>How the stream stands with its critical events.</summary>
    /// <param name="tracked">The event that is asked about; 0 for none.</param>
    public CriticalStanding StandingOf(long tracked)
    {
        lock (_gate)
        {
            _criticals.Trim();
            var (owed, oldest, told) = (false, 0L, 0L);
            foreach (var subscription in _subscriptions.Where(static s => IsCurrent(s)))
            {
                var first = FirstOwed(subscription, new SeqRange(1, long.MaxValue));
                if (first != 0)
                {
                    oldest = oldest == 0 ? first : Math.Min(oldest, first);
                    told = Math.Max(told, subscription.LastTold);
                    owed |= IsOwed(subscription, tracked);
                }
            }

            return new CriticalStanding(!_criticals.Contains(tracked), owed, oldest, told);
        }
    }

    /// <summary>Sends an event again, in place, to every connection that has been sent it and has not confirmed it.</summary>
    public void Redeliver(long seq)
    {
        lock (_gate)
        {
            foreach (var subscription in _subscriptions.Where(s => IsCurrent(s) && IsOwed(s, seq)))
            {
                if (!subscription.Redeliveries.Contains(new SeqRange(seq, seq)))
                {
                    subscription.Redeliveries.Add(new SeqRange(seq, seq));
                    subscription.UpdateHasPages();
                }

                subscription.Queue.Wake();
            }
        }
    }

    /// <summary>The connections that have been sent a critical event of a range that nobody has confirmed.</summary>
    public IReadOnlyList<string> ConnectionsOwing(SeqRange range)
    {
        lock (_gate)
        {
            return [.. _subscriptions.Where(s => IsCurrent(s) && FirstOwed(s, range) != 0).Select(static s => s.ConnectionId)];
        }
    }

    /// <summary>
    /// Makes dead letters of the critical events of a range that the log has stored, and that a device which is there has been sent and
    /// nobody has confirmed. What only an absent device lacks goes on waiting for it. One call at a time.
    /// </summary>
    /// <param name="range">The events that have been sent so often.</param>
    /// <param name="attempts">How often.</param>
    /// <param name="cancellationToken">Cancels waiting for the log.</param>
    /// <returns>The new dead letters, without those that were confirmed meanwhile.</returns>
    public async ValueTask<IReadOnlyList<DeadLetter>> BuryUnconfirmedAsync(SeqRange range, int attempts, CancellationToken cancellationToken)
    {
        IReadOnlyList<long> seqs;
        lock (_gate)
        {
            _criticals.Trim();
            seqs = _criticals.Take(seq => seq >= range.From && seq <= Math.Min(range.To, _committed) && _subscriptions.Any(s => IsCurrent(s) && IsOwed(s, seq)));
        }

        if (seqs.Count == 0)
        {
            return [];
        }

        IReadOnlyList<DeadLetter> letters;
        try
        {
            letters = await _log.DeadLetters.AddAsync(_lease, seqs, attempts, _time.GetUtcNow(), cancellationToken);
        }
        catch
        {
            lock (_gate)
            {
                foreach (var seq in seqs)
                {
                    _criticals.Add(seq);
                }
            }

            throw;
        }

        lock (_gate)
        {
            var buried = new List<DeadLetter>(letters.Count);
            foreach (var letter in letters)
            {
                if (_acknowledged.Contains(letter.Seq))
                {
                    // Confirmed while the log was at it.
                    _revived.Add(letter.Seq);
                    _hasRevived = _revived.Count;
                    continue;
                }

                buried.Add(letter);
                if (letter.Seq > _expiringThrough)
                {
                    // Otherwise retention is about to count it.
                    _ledger.OnDeadLettered(_deadLetters.Add(letter.Seq) ? 1 : 0);
                }
            }

            _lease.AcknowledgementsChanged = true;
            _stageWaiters.Fail(
                _deadLetters.Contains,
                seq => SendFailureException.Unconfirmed(new FailureScope("AwaitDelivery", UserId), seq, attempts));
            return buried;
        }
    }

    /// <summary>Settles dead letters that a device has acknowledged after all. One call at a time.</summary>
    public async ValueTask SettleRevivedAsync(CancellationToken cancellationToken)
    {
        long[] seqs;
        lock (_gate)
        {
            seqs = [.. _revived];
        }

        await _log.DeadLetters.SettleAcknowledgedAsync(_lease, seqs, cancellationToken);
        lock (_gate)
        {
            _revived.RemoveRange(0, seqs.Length);
            _hasRevived = _revived.Count;
        }
    }

    /// <summary>Hands the positions of connections to the audit, where they have changed. Called by the tick.</summary>
    public void Audit(DateTimeOffset now)
    {
        lock (_gate)
        {
            RecordDeparted();
            foreach (var subscription in _subscriptions)
            {
                var progress = subscription.Progress(now);
                if (progress != subscription.Audited with { At = now } && _log.Audit.TryRecord(_lease, progress))
                {
                    subscription.Audited = progress;
                }
            }
        }
    }

    // Where connections stood that are gone.
    private void RecordDeparted()
    {
        while (_departed.TryPeek(out var departed) && _log.Audit.TryRecord(_lease, departed))
        {
            _departed.Dequeue();
        }
    }

    private static bool IsCurrent(StreamSubscription subscription) => subscription is { IsPresent: true, Mode: SubscriptionMode.Live };

    private static bool IsOwed(StreamSubscription subscription, long seq) => seq > subscription.CoverageFrom && seq <= subscription.LastTold && seq > subscription.Acknowledged;

    // The first critical event of a range that a connection has been sent and nobody has confirmed.
    private long FirstOwed(StreamSubscription subscription, SeqRange range) => _criticals.FirstWithin(
        Math.Max(range.From - 1, Math.Max(subscription.CoverageFrom, subscription.Acknowledged)), Math.Min(range.To, subscription.LastTold));

    // What expired unacknowledged stays unacknowledged: nobody knows whether it was delivered, however far the cursor has come. The whole
    // coverage is confirmed each time, so that a range that was refused for want of room comes again.
    private void Confirm(long coverageFrom, long seq)
    {
        var range = new SeqRange(Math.Max(coverageFrom, _expiringThrough) + 1, seq);
        var before = ConfirmedEvents();
        if (range.Count <= 0 || !_acknowledged.Add(range) || ConfirmedEvents() - before is not (> 0 and var confirmed))
        {
            return;
        }

        _unconfirmedSince = 0;
        _ledger.OnAcknowledged(confirmed);
        if (!IsSystem)
        {
            _counters.OnAcknowledged(confirmed);
        }

        _lease.AcknowledgementsChanged = true;
        if (_criticals.Oldest != 0 && _criticals.Oldest <= seq)
        {
            _criticals.Trim();
        }

        ConfirmTerminals();
        if (_deadLetters.Count > 0)
        {
            Revive(range);
        }

        if (_stageWaiters.Any)
        {
            _stageWaiters.Release(StageOfLocked);
        }
    }

    private void ConfirmTerminals()
    {
        var runs = 0;
        while (_terminals.TryPeek(out var seq) && _acknowledged.Contains(seq))
        {
            _terminals.Dequeue();
            runs++;
        }

        if (runs > 0)
        {
            Observer.OnTerminalsAcknowledged(runs);
        }
    }

    private void Revive(SeqRange confirmed)
    {
        long[] revived = [.. _deadLetters.GetViewBetween(confirmed.From, confirmed.To)];
        foreach (var seq in revived)
        {
            _deadLetters.Remove(seq);
            _revived.Add(seq);
        }

        _hasRevived = _revived.Count;
        _ledger.OnRevived(revived.Length);
    }

    private void Depart(StreamSubscription subscription)
    {
        var progress = subscription.Progress(_time.GetUtcNow());
        if (progress == subscription.Audited with { At = progress.At })
        {
            return;
        }

        _departed.Enqueue(progress);
        if (_departed.Count > MaxDeparted)
        {
            _departed.Dequeue();
        }
    }

    private DeliveryStage StageOfLocked(long seq)
    {
        if (_acknowledged.Contains(seq))
        {
            return DeliveryStage.Acknowledged;
        }

        var stage = seq <= _committed ? DeliveryStage.Stored : DeliveryStage.Accepted;
        foreach (var subscription in _subscriptions)
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

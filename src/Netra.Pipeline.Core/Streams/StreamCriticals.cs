using Netra.Pipeline.Storage;

namespace Netra.Pipeline.Streams;

/// <summary>
/// The critical events of a stream, for the retries: which ones devices owe a confirmation, sending them again, and making dead letters of
/// them. Its state is guarded by the stream's lock, which every method takes.
/// </summary>
internal sealed class StreamCriticals(
    StreamState state, StreamAcknowledgements acknowledgements, StreamSubscribers subscribers, StreamStages stages)
{
    private readonly CriticalEvents _events = acknowledgements.Criticals;
    private readonly DeadLetterNumbers _letters = acknowledgements.DeadLetters;

    /// <summary>The oldest unconfirmed critical event; 0 when there is none. Read without the lock, by the tick.</summary>
    public long Oldest => _events.Oldest;

    /// <summary>
    /// Whether dead letters wait to be settled, since a device has acknowledged them after all. Read without the lock, by the tick.
    /// </summary>
    public bool HasRevived => _letters.HasRevived;

    /// <summary>Which confirmations of critical events devices owe.</summary>
    /// <param name="tracked">The event in question; 0 for none.</param>
    public CriticalState StateOf(long tracked)
    {
        lock (state.Gate)
        {
            _events.Trim();
            var (owed, oldest, told) = (false, 0L, 0L);
            foreach (var subscription in subscribers.All.Where(static s => IsCurrent(s)))
            {
                var first = FirstOwed(subscription, new SeqRange(1, long.MaxValue));
                if (first != 0)
                {
                    oldest = oldest == 0 ? first : Math.Min(oldest, first);
                    told = Math.Max(told, subscription.LastTold);
                    owed |= IsOwed(subscription, tracked);
                }
            }

            return new CriticalState(!_events.Contains(tracked), owed, oldest, told);
        }
    }

    /// <summary>Sends an event again, in place, to every connection that has been sent it and has not confirmed it.</summary>
    public void Redeliver(long seq)
    {
        lock (state.Gate)
        {
            foreach (var subscription in subscribers.All.Where(s => IsCurrent(s) && IsOwed(s, seq)))
            {
                // Those that the server sends again by itself are one at a time.
                subscription.TryAddRedelivery(new SeqRange(seq, seq), int.MaxValue);
                subscription.Queue.Wake();
            }
        }
    }

    /// <summary>The connections that have been sent an unconfirmed critical event of a range.</summary>
    public IReadOnlyList<string> ConnectionsOwing(SeqRange range)
    {
        lock (state.Gate)
        {
            return [.. subscribers.All.Where(s => IsCurrent(s) && FirstOwed(s, range) != 0).Select(static s => s.ConnectionId)];
        }
    }

    /// <summary>
    /// Makes dead letters of the unconfirmed critical events of a range that the log has stored and that a present device has been sent.
    /// Events that only an absent device lacks keep waiting for it. One call at a time.
    /// </summary>
    /// <param name="range">The events that have been sent this many times.</param>
    /// <param name="attempts">How many times.</param>
    /// <param name="cancellationToken">Cancels waiting for the log.</param>
    /// <returns>The new dead letters, without those that were confirmed meanwhile.</returns>
    public async ValueTask<IReadOnlyList<DeadLetter>> MakeDeadLettersAsync(
        SeqRange range, int attempts, CancellationToken cancellationToken)
    {
        var seqs = TakeUnconfirmed(range);
        if (seqs.Count == 0)
        {
            return [];
        }

        IReadOnlyList<DeadLetter> letters;
        try
        {
            letters = await state.Log.DeadLetters.AddAsync(state.Lease, seqs, attempts, state.Time.GetUtcNow(), cancellationToken);
        }
        catch
        {
            lock (state.Gate)
            {
                foreach (var seq in seqs)
                {
                    _events.Add(seq);
                }
            }

            throw;
        }

        return OnBuried(letters, attempts);
    }

    /// <summary>Settles dead letters that a device has acknowledged after all. One call at a time.</summary>
    public async ValueTask SettleRevivedAsync(CancellationToken cancellationToken)
    {
        long[] seqs;
        lock (state.Gate)
        {
            seqs = _letters.ReadRevived();
        }

        await state.Log.DeadLetters.SettleAcknowledgedAsync(state.Lease, seqs, cancellationToken);
        lock (state.Gate)
        {
            _letters.OnSettled(seqs.Length);
        }
    }

    private IReadOnlyList<long> TakeUnconfirmed(SeqRange range)
    {
        lock (state.Gate)
        {
            _events.Trim();
            var through = Math.Min(range.To, state.Committed);
            return _events.Take(
                seq => seq >= range.From && seq <= through && subscribers.All.Any(s => IsCurrent(s) && IsOwed(s, seq)));
        }
    }

    private List<DeadLetter> OnBuried(IReadOnlyList<DeadLetter> letters, int attempts)
    {
        lock (state.Gate)
        {
            var added = new List<DeadLetter>(letters.Count);
            foreach (var letter in letters)
            {
                if (acknowledgements.Contains(letter.Seq))
                {
                    // Confirmed while the log made the dead letter.
                    _letters.AddRevived(letter.Seq);
                    continue;
                }

                added.Add(letter);
                if (letter.Seq > state.ExpiringThrough)
                {
                    // Otherwise retention is about to count it.
                    _letters.Add(letter.Seq);
                }
            }

            state.Lease.AcknowledgementsChanged = true;
            stages.OnDeadLettered(attempts);
            return added;
        }
    }

    private static bool IsCurrent(StreamSubscription subscription) => subscription is { IsPresent: true, Mode: SubscriptionMode.Live };

    private static bool IsOwed(StreamSubscription subscription, long seq)
        => seq > subscription.CoverageFrom && seq <= subscription.LastTold && seq > subscription.Acknowledged;

    // The first unconfirmed critical event of a range that a connection has been sent.
    private long FirstOwed(StreamSubscription subscription, SeqRange range)
    {
        var above = Math.Max(range.From - 1, Math.Max(subscription.CoverageFrom, subscription.Acknowledged));
        return _events.FirstWithin(above, Math.Min(range.To, subscription.LastTold));
    }
}

/// <summary>
/// Which confirmations of a stream's critical events are owed by the devices that could give them now: connected, not frozen, and caught up
/// with the events that they had missed.
/// </summary>
/// <param name="IsSettled">
/// Whether the event in question needs no confirmation any more: confirmed, a dead letter, or deleted.
/// </param>
/// <param name="IsOwed">Whether one of these devices has been sent that event and has not confirmed it.</param>
/// <param name="OldestOwed">
/// The oldest unconfirmed critical event that one of them has been sent; 0 when there is none.
/// </param>
/// <param name="Told">The highest number that the devices which owe a confirmation have been sent.</param>
internal readonly record struct CriticalState(bool IsSettled, bool IsOwed, long OldestOwed, long Told);

using Netra.Pipeline.Storage;

namespace Netra.Pipeline.Streams;

/// <summary>
/// The critical events of a stream as the retries see them: which ones devices owe, sending them again, and making dead letters of them.
/// Its state is guarded by the stream's lock, which every method takes.
/// </summary>
internal sealed class StreamCriticals(
    StreamState state, StreamAcknowledgements acknowledgements, StreamSubscribers subscribers, StreamStages stages)
{
    private readonly CriticalEvents _events = acknowledgements.Criticals;
    private readonly DeadLetterNumbers _letters = acknowledgements.DeadLetters;

    /// <summary>The oldest critical event that nobody has confirmed; 0 when there is none. Read without the lock, by the tick.</summary>
    public long Oldest => _events.Oldest;

    /// <summary>
    /// Whether dead letters wait to be settled, since a device has acknowledged them after all. Read without the lock, by the tick.
    /// </summary>
    public bool HasRevived => _letters.HasRevived;

    /// <summary>What is owed of the critical events.</summary>
    /// <param name="tracked">The event that is asked about; 0 for none.</param>
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
        lock (state.Gate)
        {
            return [.. subscribers.All.Where(s => IsCurrent(s) && FirstOwed(s, range) != 0).Select(static s => s.ConnectionId)];
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
                    // Confirmed while the log was at it.
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

    // The first critical event of a range that a connection has been sent and nobody has confirmed.
    private long FirstOwed(StreamSubscription subscription, SeqRange range)
    {
        var above = Math.Max(range.From - 1, Math.Max(subscription.CoverageFrom, subscription.Acknowledged));
        return _events.FirstWithin(above, Math.Min(range.To, subscription.LastTold));
    }
}

/// <summary>
/// What is owed of a stream's critical events, as seen by the devices that could confirm them now: connected, not frozen, past what they
/// had missed.
/// </summary>
/// <param name="IsSettled">
/// Whether the event that was asked about needs no confirmation any more: confirmed, a dead letter, or deleted.
/// </param>
/// <param name="IsOwed">Whether one of these devices has been sent that event and has not confirmed it.</param>
/// <param name="OldestOwed">
/// The oldest critical event that one of them has been sent and nobody has confirmed; 0 when there is none.
/// </param>
/// <param name="Told">The highest number that those who owe something have been sent.</param>
internal readonly record struct CriticalState(bool IsSettled, bool IsOwed, long OldestOwed, long Told);

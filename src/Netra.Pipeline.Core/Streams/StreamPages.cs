using Netra.Pipeline.Events;
using Netra.Pipeline.Limits;
using Netra.Pipeline.Protocol;
using Netra.Pipeline.Storage;
using Netra.Pipeline.Tenants;

namespace Netra.Pipeline.Streams;

/// <summary>
/// The events that a connection missed: where it begins, and the pages that it reads until it is live, or when it asks for them again.
/// Guarded by the stream's lock.
/// </summary>
/// <remarks>Members that are called from outside the stream take the lock, and say so.</remarks>
internal sealed class StreamPages(
    StreamState state, EventWindow window, StreamAcknowledgements acknowledgements, StreamSubscribers subscribers, StreamStages stages)
{
    // What a page has where much is on its way already: frames beyond the first.
    private const int SmallPageBytes = 4096;

    /// <summary>What this user reads of the past.</summary>
    public ReplayAccount Account { get; } = new(state.Services.Replay);

    /// <summary>Decides where a connection begins, and confirms what the client has handled according to its cursor.</summary>
    public ResumePoint Begin(StreamSubscription subscription, in ResumeRequest request)
    {
        if (request.Seq is not { } cursor)
        {
            subscription.CoverageFrom = state.Head;
            subscription.Begin(state.Head);
            return new ResumePoint(state.Head, state.Head, Resumed: false);
        }

        // A known epoch and a number that was given: the history continues. Anything else starts over with all that is kept.
        var resumed = request.Epoch == state.Log.Epoch && cursor <= state.Head;
        var start = resumed ? cursor : state.ExpiredThrough;
        var from = resumed ? Math.Min(request.From ?? cursor, cursor) : start;
        if (resumed && acknowledgements.Confirm(from, cursor))
        {
            // The client has handled (from, cursor]; if its acknowledgements were lost in a crash, they are restored here.
            stages.Release();
        }

        subscription.CoverageFrom = from;
        subscription.Begin(start);
        subscription.Next = start + 1;
        subscription.Mode = start < state.Head ? SubscriptionMode.Replaying : SubscriptionMode.Live;
        subscription.UpdateHasPages();
        return new ResumePoint(state.Head, from, resumed);
    }

    /// <summary>Asks for a range again. Takes the lock.</summary>
    /// <returns>False when too many requests wait already.</returns>
    /// <exception cref="ProtocolViolationException">The range ends above the last number given.</exception>
    public bool TryRequestReplay(StreamSubscription subscription, SeqRange range, int maxWaiting)
    {
        lock (state.Gate)
        {
            if (range.To > state.Head)
            {
                throw new ProtocolViolationException($"replay asks for {range.From} to {range.To}, but the last number is {state.Head}.");
            }

            if (!subscription.TryAddRedelivery(range, maxWaiting))
            {
                return false;
            }
        }

        subscription.Queue.Wake();
        return true;
    }

    /// <summary>
    /// Reads the next page for a connection that is not live, or that asked for a range again. Called by its writer alone, when it found
    /// its queue empty. A page that reaches the head turns the connection live in the same step, so that no event falls between. Takes the
    /// lock.
    /// </summary>
    /// <returns>How long to rest before the next page, for the sake of others.</returns>
    public async ValueTask<TimeSpan> FillAsync(StreamSubscription subscription, List<SendFrame> page, int maxBytes)
    {
        SeqRange range;
        bool again;
        maxBytes = Account.IsTight ? Math.Min(maxBytes, SmallPageBytes) : maxBytes;
        lock (state.Gate)
        {
            if (subscription.IsDetached)
            {
                return TimeSpan.Zero;
            }

            again = subscription.Redeliveries.Count > 0;
            if (again)
            {
                range = subscription.Redeliveries[0];
            }
            else if (subscription.Queue.Count > 0 || !TryBeginCatchUp(subscription, page, out range))
            {
                // Events queued before the connection fell behind are older than any page. The writer found the queue empty, but since then
                // the connection may have been handed events, the last one too many.
                return TimeSpan.Zero;
            }

            if (window.Contains(range.From))
            {
                var from = page.Count;
                var last = Math.Min(range.To, window.CopyTo(page, range.From, maxBytes));
                Advance(subscription, page, from, last, again);

                // A connection that falls behind by a little is caught up from here, which is its own rate of events.
                return again ? Charge(page, from, again) : TimeSpan.Zero;
            }

            // Not in the window: it is committed, skipped, or expired. The log is asked only for numbers outside the window: it need not
            // have stored those inside yet, and numbers that a log does not return count as expired.
            range = range with { To = Math.Min(range.To, window.ThroughBefore(state.Head)) };
        }

        var stored = await state.Log.ReadPageAsync(state.Lease, range, maxBytes, CancellationToken.None);
        lock (state.Gate)
        {
            var from = page.Count;
            var last = AddStored(page, range, stored);
            Advance(subscription, page, from, last, again);
            return Charge(page, from, again);
        }
    }

    /// <summary>Counts what is read over HTTP. Takes the lock.</summary>
    /// <returns>How long to rest before more is read.</returns>
    public TimeSpan Charge(long bytes)
    {
        lock (state.Gate)
        {
            return Account.Spend(bytes);
        }
    }

    private TimeSpan Charge(List<SendFrame> page, int from, bool again)
    {
        long bytes = 0;
        for (var i = from; i < page.Count; i++)
        {
            bytes += page[i].Buffer.Length;
        }

        return state.IsSystem ? TimeSpan.Zero : Account.Spend(again ? bytes * ReplayBudget.AgainFactor : bytes);
    }

    private bool TryBeginCatchUp(StreamSubscription subscription, List<SendFrame> page, out SeqRange range)
    {
        range = default;
        if (subscription.Mode == SubscriptionMode.Live)
        {
            return false;
        }

        if (subscription.Next > state.Head)
        {
            subscribers.GoLive(subscription);
            return false;
        }

        range = new SeqRange(subscription.Next, state.Head);
        if (subscription.AnnounceGap)
        {
            subscription.AnnounceGap = false;
            page.Add(Gap(range, GapCause.Overflow, replay: true));
        }

        return true;
    }

    // Events and skipped ranges in one order; other numbers are expired, and can only come before the first event.
    private long AddStored(List<SendFrame> page, SeqRange range, EventPage stored)
    {
        var next = range.From;
        var skips = 0;
        foreach (var kept in stored.Events)
        {
            next = AddGaps(page, stored, ref skips, next, kept.Seq - 1);
            if (kept.Seq != next || kept.Seq > range.To)
            {
                throw new InvalidDataException(
                    $"The log returned event {kept.Seq} of {UserKey.Show(state.UserId)} where {next} was due, asked for {range.From} to "
                    + $"{range.To}.");
            }

            page.Add(SendFrame.ForEvent(kept.Seq, kept.Buffer));
            if (EventTypes.IsCritical(kept.Type) && acknowledgements.IsOpen(kept.Seq))
            {
                // Stored before the stream was loaded: from here on a device has been sent it, and must confirm it.
                acknowledgements.Criticals.Add(kept.Seq);
            }

            next++;
        }

        while (skips < stored.Skipped.Count)
        {
            next = AddGaps(page, stored, ref skips, next, stored.Skipped[skips].To);
        }

        return (next == range.From ? AddGaps(page, stored, ref skips, next, range.To) : next) - 1;
    }

    // Announces the numbers up to one that are not events.
    private long AddGaps(List<SendFrame> page, EventPage stored, ref int skips, long next, long through)
    {
        while (next <= through)
        {
            var isSkip = skips < stored.Skipped.Count && stored.Skipped[skips].From <= next;
            var to = isSkip
                ? stored.Skipped[skips++].To
                : skips < stored.Skipped.Count ? Math.Min(through, stored.Skipped[skips].From - 1) : through;
            if (!isSkip && stored.Events.Count > 0 && next > stored.Events[0].Seq)
            {
                throw new InvalidDataException(
                    $"The log returned nothing of {UserKey.Show(state.UserId)} for {next} to {to}, between events that it keeps.");
            }

            if (!isSkip)
            {
                // Retention may not have reported them yet; acknowledgements from here on must not hide that these were lost.
                state.ExpiringThrough = Math.Max(state.ExpiringThrough, to);
            }

            page.Add(Gap(new SeqRange(next, to), isSkip ? GapCause.ServerRestart : GapCause.Expired, replay: false, certain: !isSkip));
            next = to + 1;
        }

        return next;
    }

    private void Advance(StreamSubscription subscription, List<SendFrame> page, int from, long last, bool again)
    {
        if (!state.IsSystem)
        {
            CountRead(page, from, last, again);
        }

        if (again)
        {
            MarkRedelivery(page, from, last);
            var rest = subscription.Redeliveries[0] with { From = last + 1 };
            if (rest.Count > 0)
            {
                subscription.Redeliveries[0] = rest;
            }
            else
            {
                subscription.Redeliveries.RemoveAt(0);
            }

            subscription.UpdateHasPages();
            return;
        }

        subscription.Next = last + 1;

        // Events that were taken back were queued before.
        subscription.LastQueued = Math.Max(subscription.LastQueued, last);
        if (subscription.Next > state.Head)
        {
            subscribers.GoLive(subscription);
        }

        stages.Release();
    }

    private void CountRead(List<SendFrame> page, int from, long last, bool again)
    {
        var events = 0;
        for (var i = from; i < page.Count; i++)
        {
            events += page[i].IsEvent && page[i].Seq <= last ? 1 : 0;
        }

        state.Services.Counters.OnRead(events, isRedelivery: again);
    }

    // The client passes over a range that is not replayed: it continues above, and may acknowledge up to there.
    private static SendFrame Gap(SeqRange range, GapCause cause, bool replay, bool certain = true)
    {
        var gap = new GapMessage(range.From, range.To, cause, replay, certain);
        return SendFrame.ForMessage(ServerMessageWriter.Gap(gap), replay ? 0 : range.To);
    }

    private static void MarkRedelivery(List<SendFrame> page, int from, long last)
    {
        for (var i = page.Count - 1; i >= from; i--)
        {
            if (page[i].Seq > last)
            {
                page.RemoveAt(i);
            }
            else if (page[i].IsEvent)
            {
                page[i] = page[i].AsRedelivery(attempt: 1);
            }
        }
    }
}

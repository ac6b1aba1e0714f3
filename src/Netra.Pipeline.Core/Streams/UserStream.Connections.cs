using Netra.Pipeline.Events;
using Netra.Pipeline.Failures;
using Netra.Pipeline.Protocol;
using Netra.Pipeline.Storage;

namespace Netra.Pipeline.Streams;

// The user's connections: where each begins, what each still has to be sent, and what it confirms.
internal sealed partial class UserStream
{
    /// <summary>
    /// To be called by a connection's writer when it has taken frames off its queue, and when its page has turned absent, so that nobody
    /// waits for it.
    /// </summary>
    public void OnDrained()
    {
        // Pairs with the fence of WaitForRoomAsync.
        Interlocked.MemoryBarrier();
        if (_roomWaiters.Any)
        {
            lock (_gate)
            {
                _roomWaiters.ReleaseAll();
            }
        }
    }

    /// <summary>To be called by a connection's writer when it has handed frames to its transport.</summary>
    public void OnWritten()
    {
        if (_stageWaiters.Any)
        {
            lock (_gate)
            {
                _stageWaiters.Release(StageOfLocked);
            }
        }
    }

    /// <summary>Registers a connection: from here on no event passes it by. Its <c>welcome</c> is the first thing in its queue.</summary>
    /// <param name="subscription">The connection's place, new.</param>
    /// <param name="request">Where the client wants to go on.</param>
    /// <param name="welcome">Makes the <c>welcome</c> of the resume point. It runs under the lock: it must only format.</param>
    /// <returns>False when the stream is evicted, and another must be loaded.</returns>
    public bool TryAttach(StreamSubscription subscription, in ResumeRequest request, Func<ResumePoint, byte[]> welcome)
    {
        ResumePoint point;
        lock (_gate)
        {
            if (_evicted)
            {
                return false;
            }

            point = Resume(subscription, request);
            if (!subscription.Queue.TryEnqueue(SendFrame.ForMessage(welcome(point))))
            {
                throw new InvalidOperationException("The queue of a new connection has no room for its welcome.");
            }

            _subscriptions = [.. _subscriptions, subscription];
            subscription.Queue.Wake();
        }

        if (point.Resumed)
        {
            // A cursor that was taken up has confirmed what lies below it.
            Observer.OnAcknowledged(this, point.From, request.Seq.GetValueOrDefault());
        }

        return true;
    }

    /// <summary>
    /// Takes back the events in a connection's queue, since all queues together hold too much: it lags from the first of them, and reads
    /// them from the log.
    /// </summary>
    /// <param name="subscription">The connection's place.</param>
    /// <param name="taken">How full its queue was.</param>
    /// <returns>Whether there was something to take back.</returns>
    public bool TryTakeBack(
        StreamSubscription subscription, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out OverflowedConnection? taken)
    {
        lock (_gate)
        {
            taken = subscription.DescribeOverflow();
            if (subscription.IsDetached || subscription.Queue.TakeBackEvents() is not (> 0 and var first))
            {
                taken = null;
                return false;
            }

            subscription.FallBehind(first);
            _counters.OnSlowConsumers(1);
        }

        // Its writer may be about to sleep, having found the queue empty before the connection lagged.
        subscription.Queue.Wake();
        return true;
    }

    public void Detach(StreamSubscription subscription)
    {
        lock (_gate)
        {
            if (subscription.IsDetached)
            {
                return;
            }

            subscription.IsDetached = true;
            _subscriptions = [.. _subscriptions.Where(s => s != subscription)];
            _roomWaiters.ReleaseAll();
            Depart(subscription);
            if (_subscriptions.Length == 0)
            {
                // How long a user is away says nothing about delivery.
                _sampledSeq = 0;
            }
        }
    }

    /// <summary>A device confirms that its application has handled everything it covers up to a number.</summary>
    /// <param name="subscription">The device's place.</param>
    /// <param name="seq">The number.</param>
    public AcknowledgeOutcome Acknowledge(StreamSubscription subscription, long seq)
    {
        TimeSpan? latency = null;
        lock (_gate)
        {
            if (seq > Math.Max(subscription.CoverageFrom, subscription.LastTold))
            {
                return AcknowledgeOutcome.AboveWritten;
            }

            if (seq <= subscription.Acknowledged)
            {
                return AcknowledgeOutcome.NoOp;
            }

            _unconfirmedSince = 0;
            Confirm(subscription.CoverageFrom, seq);
            subscription.Acknowledged = seq;
            if (_sampledSeq != 0 && _sampledSeq <= seq && _sampledSeq > subscription.CoverageFrom)
            {
                latency = _time.GetElapsedTime(_sampledAt);
                _sampledSeq = 0;
            }
        }

        if (latency is { } took)
        {
            Observer.OnSampleAcknowledged(took);
        }

        Observer.OnAcknowledged(this, subscription.CoverageFrom, seq);
        return AcknowledgeOutcome.Progress;
    }

    /// <summary>Asks for a range again.</summary>
    /// <returns>False when too many requests wait already.</returns>
    /// <exception cref="ProtocolViolationException">The range reaches above what was given.</exception>
    public bool TryRequestReplay(StreamSubscription subscription, SeqRange range, int maxWaiting)
    {
        lock (_gate)
        {
            if (range.To > _head)
            {
                throw new ProtocolViolationException($"replay asks for {range.From} to {range.To}, but the last number is {_head}.");
            }

            if (subscription.Redeliveries.Count >= maxWaiting)
            {
                return false;
            }

            subscription.Redeliveries.Add(range);
            subscription.UpdateHasPages();
        }

        subscription.Queue.Wake();
        return true;
    }

    /// <summary>
    /// Reads the next page for a connection that is not live, or that asked for a range again. Called by its writer alone, when it found
    /// its queue empty. A page that reaches the head turns the connection live in the same step, so that no event falls between.
    /// </summary>
    public async ValueTask FillPageAsync(StreamSubscription subscription, List<SendFrame> page, int maxBytes)
    {
        SeqRange range;
        bool again;
        lock (_gate)
        {
            if (subscription.IsDetached)
            {
                return;
            }

            again = subscription.Redeliveries.Count > 0;
            if (again)
            {
                range = subscription.Redeliveries[0];
            }
            else if (subscription.Queue.Count > 0 || !TryBeginCatchUp(subscription, page, out range))
            {
                // What was queued before the connection fell behind is older than any page. The writer found the queue empty, but since
                // then the connection may have been handed events, the last one too many.
                return;
            }

            if (_window.Contains(range.From))
            {
                var from = page.Count;
                var last = Math.Min(range.To, _window.CopyTo(page, range.From, maxBytes));
                Advance(subscription, page, from, last, again);
                return;
            }

            // Not in the window: it is committed, skipped, or expired. The log is asked for nothing that is in the window, since it need
            // not have stored that yet, and what a log does not return counts as expired.
            range = range with { To = Math.Min(range.To, _window.ThroughBefore(_head)) };
        }

        var stored = await _log.ReadPageAsync(_lease, range, maxBytes, CancellationToken.None);
        lock (_gate)
        {
            var from = page.Count;
            var last = AddStored(page, range, stored);
            Advance(subscription, page, from, last, again);
        }
    }

    private ResumePoint Resume(StreamSubscription subscription, in ResumeRequest request)
    {
        if (request.Seq is not { } cursor)
        {
            subscription.CoverageFrom = _head;
            subscription.Begin(_head);
            return new ResumePoint(_head, _head, Resumed: false);
        }

        // A known epoch and a number that was given: history goes on. Anything else begins anew with all that is kept.
        var resumed = request.Epoch == _log.Epoch && cursor <= _head;
        var start = resumed ? cursor : _expiredThrough;
        var from = resumed ? Math.Min(request.From ?? cursor, cursor) : start;
        if (resumed)
        {
            // The client has handled (from, cursor]; if the acknowledgements were lost in a crash, this heals them.
            Confirm(from, cursor);
        }

        subscription.CoverageFrom = from;
        subscription.Begin(start);
        subscription.Next = start + 1;
        subscription.Mode = start < _head ? SubscriptionMode.Replaying : SubscriptionMode.Live;
        subscription.UpdateHasPages();
        return new ResumePoint(_head, from, resumed);
    }

    private bool TryBeginCatchUp(StreamSubscription subscription, List<SendFrame> page, out SeqRange range)
    {
        range = default;
        if (subscription.Mode == SubscriptionMode.Live)
        {
            return false;
        }

        if (subscription.Next > _head)
        {
            GoLive(subscription);
            return false;
        }

        range = new SeqRange(subscription.Next, _head);
        if (subscription.AnnounceGap)
        {
            subscription.AnnounceGap = false;
            page.Add(Gap(range, GapCause.Overflow, replay: true));
        }

        return true;
    }

    // Events and skipped ranges in one order; what is neither is expired, and that can only come before the first event.
    private long AddStored(List<SendFrame> page, SeqRange range, EventPage stored)
    {
        var next = range.From;
        var skips = 0;
        foreach (var kept in stored.Events)
        {
            next = AddGaps(page, stored, ref skips, next, kept.Seq - 1);
            if (kept.Seq != next || kept.Seq > range.To)
            {
                throw new InvalidDataException($"The log returned event {kept.Seq} of {UserId} where {next} was due, asked for {range.From} to {range.To}.");
            }

            page.Add(SendFrame.ForEvent(kept.Seq, kept.Buffer));
            if (EventTypes.IsCritical(kept.Type) && !_acknowledged.Contains(kept.Seq) && !_deadLetters.Contains(kept.Seq))
            {
                // It was stored before the stream was loaded: from here on somebody has been sent it, and must confirm it.
                _criticals.Add(kept.Seq);
            }

            next++;
        }

        while (skips < stored.Skipped.Count)
        {
            next = AddGaps(page, stored, ref skips, next, stored.Skipped[skips].To);
        }

        return (next == range.From ? AddGaps(page, stored, ref skips, next, range.To) : next) - 1;
    }

    // Explains the numbers up to one that are not events.
    private long AddGaps(List<SendFrame> page, EventPage stored, ref int skips, long next, long through)
    {
        while (next <= through)
        {
            var isSkip = skips < stored.Skipped.Count && stored.Skipped[skips].From <= next;
            var to = isSkip ? stored.Skipped[skips++].To : skips < stored.Skipped.Count ? Math.Min(through, stored.Skipped[skips].From - 1) : through;
            if (!isSkip && stored.Events.Count > 0 && next > stored.Events[0].Seq)
            {
                throw new InvalidDataException($"The log returned nothing of {UserId} for {next} to {to}, between events that it keeps.");
            }

            if (!isSkip)
            {
                // Retention may not have told yet; what is acknowledged from here on must not hide that these were lost.
                _expiringThrough = Math.Max(_expiringThrough, to);
            }

            page.Add(Gap(new SeqRange(next, to), isSkip ? GapCause.ServerRestart : GapCause.Expired, replay: false, certain: !isSkip));
            next = to + 1;
        }

        return next;
    }

    private void Advance(StreamSubscription subscription, List<SendFrame> page, int from, long last, bool again)
    {
        if (!IsSystem)
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

        // What was taken back was queued before.
        subscription.LastQueued = Math.Max(subscription.LastQueued, last);
        if (subscription.Next > _head)
        {
            GoLive(subscription);
        }

        if (_stageWaiters.Any)
        {
            _stageWaiters.Release(StageOfLocked);
        }
    }

    private void CountRead(List<SendFrame> page, int from, long last, bool again)
    {
        var events = 0;
        for (var i = from; i < page.Count; i++)
        {
            events += page[i].IsEvent && page[i].Seq <= last ? 1 : 0;
        }

        _counters.OnRead(events, isRedelivery: again);
    }

    private void GoLive(StreamSubscription subscription)
    {
        subscription.Mode = SubscriptionMode.Live;
        subscription.UpdateHasPages();
        _roomWaiters.ReleaseAll();
    }

    // What is not replayed the client passes over: it goes on above, and may acknowledge up to there.
    private static SendFrame Gap(SeqRange range, GapCause cause, bool replay, bool certain = true)
        => SendFrame.ForMessage(ServerMessageWriter.Gap(new GapMessage(range.From, range.To, cause, replay, certain)), replay ? 0 : range.To);

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

using Netra.Pipeline.Connections;
using Netra.Pipeline.Failures;
using Netra.Pipeline.Log;
using Netra.Pipeline.Protocol;

namespace Netra.Pipeline.Streams;

/// <summary>
/// All events of one user in one order: the next number, the recent window, the user's connections and what is acknowledged.
/// </summary>
/// <remarks>
/// <para>One lock guards everything. Nothing is awaited and no user code runs under it. It is taken by emitters (<see cref="Append"/>), by the readers of the user's
/// connections (<see cref="Acknowledge"/>), by their writers only to catch up (<see cref="FillPageAsync"/>), and by the log (<c>OnCommitted</c>), which may call while the
/// same thread holds it. The log's own locks are taken inside it, never around it.</para>
/// <para>An evicted stream is dead; every entrant checks that, and a pinned or connected stream is never evicted.</para>
/// </remarks>
internal sealed class UserStream
{
    private readonly Lock _gate = new();
    private readonly IEventLog _log;
    private readonly StreamLease _lease;
    private readonly StreamOptions _options;
    private readonly byte[] _key;
    private readonly EventWindow _window;
    private readonly AcknowledgedIntervals _acknowledged;
    private readonly RunTable _runs;
    private readonly CommitWaiters _commitWaiters = new();
    private readonly RoomWaiters _roomWaiters = new();
    private StreamSubscription[] _subscriptions = [];
    private long _head;
    private long _committed;
    private long _expiredThrough;
    private int _pins;
    private int _connectionPins;
    private bool _evicted;

    private UserStream(IEventLog log, StreamLease lease, StreamOptions options, WindowBudget budget)
    {
        (_log, _lease, _options) = (log, lease, options);
        _head = _committed = lease.Head;
        _expiredThrough = lease.ExpiredThrough;
        _key = EventDraft.KeyOf(lease.StreamId);
        _window = new EventWindow(options.WindowEvents, budget);
        _runs = new RunTable(options.MaxRuns);
        _acknowledged = new AcknowledgedIntervals(options.MaxAcknowledgedRanges);
        _acknowledged.Forget(_expiredThrough);
        foreach (var range in lease.Acknowledged)
        {
            _acknowledged.Add(range);
        }
    }

    public string UserId => _lease.UserId;

    /// <summary>The number the next event will get, unless another emitter is faster. Read without the lock, to size a buffer.</summary>
    public long ExpectedSeq => Volatile.Read(ref _head) + 1;

    public static async Task<UserStream> OpenAsync(
        IEventLog log, string userId, StreamOptions options, WindowBudget budget, CancellationToken cancellationToken)
    {
        // The log asks for the callback before there is a stream to call: nothing is committed before the first append, though.
        UserStream? stream = null;
        var lease = await log.OpenAsync(userId, seq => stream!.OnCommitted(seq), cancellationToken);
        return stream = new UserStream(log, lease, options, budget);
    }

    public string IdOf(long seq) => EventDraft.IdOf(_key, seq);

    /// <summary>Keeps the stream loaded until <see cref="Unpin"/>.</summary>
    /// <returns>False when it is evicted already, and another must be loaded.</returns>
    public bool TryPin()
    {
        lock (_gate)
        {
            if (_evicted)
            {
                return false;
            }

            _pins++;
            return true;
        }
    }

    /// <summary>Pins the stream for one connection, if the user may have one more.</summary>
    public bool TryPinConnection()
    {
        lock (_gate)
        {
            if (_evicted || _connectionPins >= _options.MaxConnectionsPerUser)
            {
                return false;
            }

            _connectionPins++;
            _pins++;
            return true;
        }
    }

    public void UnpinConnection()
    {
        lock (_gate)
        {
            _connectionPins--;
            _pins--;
        }
    }

    public void Unpin()
    {
        lock (_gate)
        {
            _pins--;
        }
    }

    /// <summary>The state of a run, shared by all emitters of it; to be given back with <see cref="LeaveRun"/>.</summary>
    public RunState EnterRun(string threadId, string runId)
    {
        lock (_gate)
        {
            return _runs.Enter(threadId, runId);
        }
    }

    public void LeaveRun(RunState run)
    {
        lock (_gate)
        {
            run.Emitters--;
        }
    }

    /// <summary>Gives an event the next number, hands it to the log, and to the queue of every connection that has room.</summary>
    /// <param name="draft">The encoded event.</param>
    /// <param name="run">The run it belongs to.</param>
    /// <param name="requireRoom">Whether nothing is to happen unless every present connection has room.</param>
    public AppendOutcome Append(in EventDraft draft, RunState run, bool requireRoom)
    {
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_evicted, this);
            if (run.HasEnded)
            {
                return new AppendOutcome(AppendKind.RunEnded, run.TerminalSeq, 0, 0, null);
            }

            var seq = _head + 1;
            if (requireRoom && !HasRoom(draft.LengthAt(seq)))
            {
                return AppendOutcome.Refused(AppendKind.NoRoom);
            }

            var buffer = draft.Complete(_key, seq);
            AppendResult taken;
            try
            {
                taken = _log.TryAppend(_lease, new LogEntry(seq, draft.Type, draft.AcceptedAt, buffer));
            }
            catch (Exception fault)
            {
                // A log that throws has failed as much as one that says so, and the emitter is owed the same failure.
                return AppendOutcome.Refused(AppendKind.LogFailed, fault);
            }

            if (taken != AppendResult.Taken)
            {
                return AppendOutcome.Refused(taken == AppendResult.Full ? AppendKind.LogFull : AppendKind.LogFailed);
            }

            Volatile.Write(ref _head, seq);
            _window.Add(seq, buffer, _committed);
            run.LastSeq = seq;
            if (EventTypes.IsTerminal(draft.Type))
            {
                run.TerminalSeq = seq;
            }

            return FanOut(seq, buffer, EventTypes.IsCritical(draft.Type));
        }
    }

    /// <summary>Completes when every present connection has room again, or one of them has ended; the caller tries again then.</summary>
    public Task WaitForRoomAsync(in EventDraft draft)
    {
        lock (_gate)
        {
            // First the name on the list, then the look, with a fence between: a writer takes frames off first and looks at the list then, so one of the two sees the other.
            var waiter = _roomWaiters.Add();
            Interlocked.MemoryBarrier();
            return HasRoom(draft.LengthAt(_head + 1)) ? Task.CompletedTask : waiter;
        }
    }

    /// <summary>The present connections that lag, or have no room for an event, for a failure's text.</summary>
    public List<OverflowedConnection> ConnectionsWithoutRoom(in EventDraft draft)
    {
        lock (_gate)
        {
            var bytes = draft.LengthAt(_head + 1);
            return [.. _subscriptions.Where(s => !HasRoom(s, bytes)).Select(static s => s.DescribeOverflow())];
        }
    }

    /// <summary>To be called by a connection's writer when it has taken frames off its queue, and when its page has turned absent, so that nobody waits for it.</summary>
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

    /// <summary>Completes when the log has stored everything up to a number.</summary>
    public Task WhenCommittedAsync(long seq)
    {
        lock (_gate)
        {
            return seq <= _committed ? Task.CompletedTask : _commitWaiters.Add(seq);
        }
    }

    /// <summary>Registers a connection: from here on no event passes it by. Its <c>welcome</c> is the first thing in its queue.</summary>
    /// <param name="subscription">The connection's place, new.</param>
    /// <param name="request">Where the client wants to go on.</param>
    /// <param name="welcome">Makes the <c>welcome</c> of the resume point. It runs under the lock: it must only format.</param>
    /// <returns>False when the stream is evicted, and another must be loaded.</returns>
    public bool TryAttach(StreamSubscription subscription, in ResumeRequest request, Func<ResumePoint, byte[]> welcome)
    {
        lock (_gate)
        {
            if (_evicted)
            {
                return false;
            }

            var point = Resume(subscription, request);
            if (!subscription.Queue.TryEnqueue(SendFrame.ForMessage(welcome(point))))
            {
                throw new InvalidOperationException("The queue of a new connection has no room for its welcome.");
            }

            _subscriptions = [.. _subscriptions, subscription];
            subscription.Queue.Wake();
            return true;
        }
    }

    public void Detach(StreamSubscription subscription)
    {
        lock (_gate)
        {
            subscription.IsDetached = true;
            _subscriptions = [.. _subscriptions.Where(s => s != subscription)];
            _roomWaiters.ReleaseAll();
        }
    }

    /// <summary>A device confirms that its application has handled everything it covers up to a number.</summary>
    public AcknowledgeOutcome Acknowledge(StreamSubscription subscription, long seq)
    {
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

            Confirm(subscription.CoverageFrom, seq);
            subscription.Acknowledged = seq;
            return AcknowledgeOutcome.Progress;
        }
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
    /// Reads the next page for a connection that is not live, or that asked for a range again. Called by its writer alone, when it found its queue empty. A page that reaches the
    /// head turns the connection live in the same step, so that no event falls between.
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
                // What was queued before the connection fell behind is older than any page. The writer found the queue empty, but since then the connection may have
                // been handed events, the last one too many.
                return;
            }

            if (_window.Contains(range.From))
            {
                var from = page.Count;
                var last = Math.Min(range.To, _window.CopyTo(page, range.From, maxBytes));
                Advance(subscription, page, from, last, again);
                return;
            }

            // Not in the window: it is committed, or expired. The log is asked for nothing that is in the window, since it need not have stored that yet, and
            // what a log does not return counts as expired.
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

    /// <summary>Tells the stream what retention has deleted.</summary>
    /// <returns>How many of the deleted events nobody had acknowledged.</returns>
    public long OnExpired(in ExpiredRange expired)
    {
        var range = expired.Range;
        lock (_gate)
        {
            if (range.To <= _acknowledged.ForgottenThrough)
            {
                // Loaded after the deletion: the log counted for itself.
                return expired.Unacknowledged;
            }

            _expiredThrough = Math.Max(_expiredThrough, range.To);
            var unacknowledged = range.Count - _acknowledged.CountWithin(range);
            _acknowledged.Forget(range.To);
            return unacknowledged;
        }
    }

    /// <summary>Ends the stream if nobody needs it: unpinned, unconnected, and everything committed.</summary>
    public bool TryEvict()
    {
        lock (_gate)
        {
            if (_evicted || _pins > 0 || _subscriptions.Length > 0 || _committed < _head)
            {
                return false;
            }

            _evicted = true;
            _window.Clear();
            return true;
        }
    }

    /// <summary>Gives the lease of an evicted stream back.</summary>
    public ValueTask ReleaseAsync(CancellationToken cancellationToken) => _log.ReleaseAsync(_lease, [.. _acknowledged.Ranges], cancellationToken);

    /// <summary>Lets go of committed events while the budget of all windows is exceeded.</summary>
    public void TrimWindow()
    {
        lock (_gate)
        {
            _window.Trim(_committed);
        }
    }

    public StreamSnapshot Snapshot()
    {
        lock (_gate)
        {
            return new StreamSnapshot(
                _head,
                _committed,
                _expiredThrough,
                _acknowledged.Count,
                _acknowledged.ContiguousThrough,
                _subscriptions.Length,
                _subscriptions.Count(static s => s.Mode == SubscriptionMode.Lagging));
        }
    }

    private AppendOutcome FanOut(long seq, byte[] buffer, bool critical)
    {
        var (connected, lagging) = (0, 0);
        List<OverflowedConnection>? overflowed = null;
        var frame = SendFrame.ForEvent(seq, buffer);
        foreach (var subscription in _subscriptions)
        {
            if (critical && subscription.IsQuiet)
            {
                subscription.Queue.RequestPing();
            }

            if (subscription.Mode == SubscriptionMode.Live && !subscription.Queue.TryEnqueue(frame))
            {
                (overflowed ??= []).Add(subscription.DescribeOverflow());
                subscription.FallBehind(seq);
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

    private bool HasRoom(int bytes)
    {
        foreach (var subscription in _subscriptions)
        {
            if (!HasRoom(subscription, bytes))
            {
                return false;
            }
        }

        return true;
    }

    // A frozen page counts as offline: nobody waits for it.
    private static bool HasRoom(StreamSubscription subscription, int bytes)
        => !subscription.IsPresent || (subscription.Mode != SubscriptionMode.Lagging && subscription.Queue.HasRoom(bytes));

    private ResumePoint Resume(StreamSubscription subscription, in ResumeRequest request)
    {
        if (request.Seq is not { } cursor)
        {
            subscription.CoverageFrom = subscription.Acknowledged = subscription.LastWritten = subscription.LastTold = _head;
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
        subscription.Acknowledged = subscription.LastWritten = subscription.LastTold = start;
        subscription.Next = start + 1;
        subscription.Mode = start < _head ? SubscriptionMode.Replaying : SubscriptionMode.Live;
        subscription.UpdateHasPages();
        return new ResumePoint(_head, from, resumed);
    }

    // What expired unacknowledged stays unacknowledged: nobody knows whether it was delivered, however far the cursor has come. The whole coverage is confirmed each time, so
    // that a range that was refused for want of room comes again.
    private void Confirm(long coverageFrom, long seq) => _acknowledged.Add(new SeqRange(Math.Max(coverageFrom, _expiredThrough) + 1, seq));

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

    private long AddStored(List<SendFrame> page, SeqRange range, EventPage stored)
    {
        var next = stored.Events.Count > 0 ? stored.Events[0].Seq : range.To + 1;
        if (next > range.From)
        {
            // Retention may not have told yet; what is acknowledged from here on must not hide that these were lost.
            _expiredThrough = Math.Max(_expiredThrough, next - 1);
            page.Add(Gap(new SeqRange(range.From, next - 1), GapCause.Expired, replay: false));
        }

        foreach (var kept in stored.Events)
        {
            if (kept.Seq != next || kept.Seq < range.From || kept.Seq > range.To)
            {
                throw new InvalidDataException($"The log returned event {kept.Seq} of {UserId} where {next} was due, asked for {range.From} to {range.To}.");
            }

            page.Add(SendFrame.ForEvent(kept.Seq, kept.Buffer));
            next++;
        }

        return next - 1;
    }

    private void Advance(StreamSubscription subscription, List<SendFrame> page, int from, long last, bool again)
    {
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
        if (subscription.Next > _head)
        {
            GoLive(subscription);
        }
    }

    private void GoLive(StreamSubscription subscription)
    {
        subscription.Mode = SubscriptionMode.Live;
        subscription.UpdateHasPages();
        _roomWaiters.ReleaseAll();
    }

    private void OnCommitted(long seq)
    {
        lock (_gate)
        {
            _committed = Math.Max(_committed, seq);
            _window.Trim(_committed);
            _commitWaiters.Release(_committed);
        }
    }

    // What is not replayed the client passes over: it goes on above, and may acknowledge up to there.
    private static SendFrame Gap(SeqRange range, GapCause cause, bool replay)
        => SendFrame.ForMessage(ServerMessageWriter.Gap(new GapMessage(range.From, range.To, cause, replay, Certain: true)), replay ? 0 : range.To);

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

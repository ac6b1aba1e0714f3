using Netra.Pipeline.Contexts;
using Netra.Pipeline.Events;
using Netra.Pipeline.Failures;
using Netra.Pipeline.Protocol;
using Netra.Pipeline.Runs;
using Netra.Pipeline.Storage;

namespace Netra.Pipeline.Streams;

/// <summary>
/// All events of one user in one order: the next number, the recent window, the user's connections, what is acknowledged, and the books of
/// it all.
/// </summary>
/// <remarks>
/// <para>One lock guards everything. Nothing is awaited and no user code runs under it. It is taken by emitters (<see cref="Append"/>), by
/// the readers of the user's connections (<see cref="Acknowledge"/>), by their writers only to catch up (<see cref="FillPageAsync"/>), by
/// the tick, and by the log (<see cref="IStreamOwner"/>), which may call while the same thread holds it. The log's own locks are taken
/// inside it, never around it, but for locks that no append takes.</para>
/// <para>An evicted stream is dead; every entrant checks that, and a pinned or connected stream is never evicted while the pipeline
/// runs.</para>
/// </remarks>
internal sealed partial class UserStream
{
    private readonly Lock _gate = new();
    private readonly IEventLog _log;
    private readonly StreamLease _lease;
    private readonly StreamOptions _options;
    private readonly StreamObservers _observers;
    // One that is not acknowledged for so long makes way for the next.
    private static readonly TimeSpan LongestSample = TimeSpan.FromMinutes(1);

    private readonly TimeProvider _time;
    private readonly BudgetRelief? _relief;
    private readonly byte[] _key;
    private readonly EventWindow _window;
    private readonly AcknowledgedIntervals _acknowledged;
    private readonly CriticalEvents _criticals;
    private readonly StreamLedger _ledger;
    private readonly StreamCounters _counters;
    private readonly StreamRuns _runs;
    private readonly List<SeqRange> _skipped;
    private readonly CommitWaiters _commitWaiters = new();
    private readonly RoomWaiters _roomWaiters = new();
    private readonly StageWaiters _stageWaiters = new();
    private StreamSubscription[] _subscriptions = [];
    private Task? _claim;
    private (RunKey Key, LogRun? Found)? _openedFor;
    private long _head;
    private long _committed;
    private long _expiredThrough;
    private long _sampledSeq;
    private long _sampledAt;
    private long _idleSince;
    private int _pins;
    private int _connectionPins;
    private bool _evicted;

    private UserStream(StreamServices services, StreamLease lease)
    {
        (_log, _lease, _options, _time, _counters) = (services.Log, lease, services.Options, services.Time, services.Counters);
        _relief = services.Relief;
        IsSystem = IdentifierRules.IsReserved(lease.UserId);
        _head = _committed = lease.Head;
        _expiredThrough = _expiringThrough = lease.ExpiredThrough;
        _idleSince = services.Time.GetTimestamp();
        _key = EventDraft.KeyOf(lease.StreamId);
        _window = new EventWindow(_options.WindowEvents, services.Budget);
        _runs = new StreamRuns(_options.MaxRuns);
        _skipped = [.. lease.Skipped];
        _acknowledged = new AcknowledgedIntervals(_options.MaxAcknowledgedRanges);
        _acknowledged.Forget(_expiredThrough);
        foreach (var range in lease.Acknowledged)
        {
            _acknowledged.Add(range);
        }

        _criticals = new CriticalEvents(_acknowledged);
        _deadLetters = [.. lease.DeadLettered.Where(seq => !_acknowledged.Contains(seq))];
        _ledger = new StreamLedger(lease);
        Observer = services.Observers.Open(lease.UserId);
        _observers = services.Observers;
    }

    public string UserId => _lease.UserId;

    /// <summary>The history that its numbers belong to.</summary>
    public string Epoch => _log.Epoch;

    public ulong StreamId => _lease.StreamId;

    /// <summary>Whether it is one of the system's own, which nobody's books have.</summary>
    public bool IsSystem { get; }

    /// <summary>Who is told what passes.</summary>
    public StreamObserver Observer { get; }

    /// <summary>The books; for tests that break a station on purpose.</summary>
    public StreamLedger Ledger => _ledger;

    /// <summary>The places of the user's connections at a moment. Needs no lock.</summary>
    public IReadOnlyList<StreamSubscription> Subscriptions => Volatile.Read(ref _subscriptions);

    /// <summary>The number the next event will get, unless another emitter is faster. Read without the lock, to size a buffer.</summary>
    public long ExpectedSeq => Volatile.Read(ref _head) + 1;

    /// <summary>Loads a user's stream.</summary>
    /// <param name="services">What all streams share.</param>
    /// <param name="userId">The user.</param>
    /// <param name="run">
    /// The run that is the reason, if there is one: the log claims the stream and looks the run up in the same step.
    /// </param>
    /// <param name="cancellationToken">Cancels waiting for the log.</param>
    public static async Task<UserStream> OpenAsync(StreamServices services, string userId, RunKey? run, CancellationToken cancellationToken)
    {
        UserStream? stream = null;
        if (run is { } key)
        {
            var (_, found) = await services.Log.OpenForRunAsync(
                userId, key.ThreadId, key.RunId, lease => stream = new UserStream(services, lease), cancellationToken);
            stream!._openedFor = (key, found);
        }
        else
        {
            await services.Log.OpenAsync(userId, lease => stream = new UserStream(services, lease), cancellationToken);
        }

        return stream!;
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
            UnpinLocked();
        }
    }

    public void Unpin()
    {
        lock (_gate)
        {
            UnpinLocked();
        }
    }

    /// <summary>
    /// Makes sure that the log knows of numbers to come, so that none is given twice whatever happens. To be awaited before the first
    /// <see cref="Append"/>; everybody joins the same claim.
    /// </summary>
    public Task ClaimAsync(CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            if (_claim is null || _claim.IsFaulted || _claim.IsCanceled)
            {
                _claim = _log.ClaimAsync(_lease, CancellationToken.None).AsTask();
            }

            return _claim.WaitAsync(cancellationToken);
        }
    }

    /// <summary>The state of a run, shared by all emitters of it; to be given back with <see cref="LeaveRun"/>.</summary>
    /// <param name="threadId">The run's thread.</param>
    /// <param name="runId">The run.</param>
    /// <param name="agentName">The agent that runs in this process; null for a run that goes on without it.</param>
    /// <param name="cancellationToken">Cancels waiting for the log.</param>
    public async ValueTask<StreamRun> EnterRunAsync(string threadId, string runId, string? agentName, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            if (_runs.TryEnter(threadId, runId, out var known))
            {
                return known;
            }

            // What the log found when it opened the stream holds as long as no event came since.
            if (_openedFor is { } opened && opened.Key.ThreadId == threadId && opened.Key.RunId == runId && _head == _lease.Head)
            {
                return _runs.Enter(opened.Found ?? new LogRun(threadId, runId, agentName is not null, agentName), _committed);
            }
        }

        var found = await _log.FindRunAsync(_lease, threadId, runId, cancellationToken) ?? new LogRun(threadId, runId, agentName is not null, agentName);
        lock (_gate)
        {
            return _runs.Enter(found, _committed);
        }
    }

    /// <summary>A run as it stands, with all that it has declared.</summary>
    public LogRun KnownOf(StreamRun run)
    {
        lock (_gate)
        {
            return run.Now;
        }
    }

    /// <summary>How many events a run has, and whether it has ended.</summary>
    public (long Events, bool HasEnded) StandingOf(StreamRun run)
    {
        lock (_gate)
        {
            return (run.Events, run.HasEnded);
        }
    }

    /// <summary>Has the log remember that a run waits, until an event of the run ends it.</summary>
    public ValueTask StoreWaitAsync(StreamRun run, DateTimeOffset until)
    {
        lock (_gate)
        {
            run.Wait(until);
        }

        return _log.StoreWaitAsync(_lease, run.Logged, until, CancellationToken.None);
    }

    public void LeaveRun(StreamRun run)
    {
        lock (_gate)
        {
            run.Emitters--;
        }
    }

    /// <summary>Gives an event the next number, hands it to the log, and to the queue of every connection that has room.</summary>
    /// <param name="draft">The encoded event.</param>
    /// <param name="run">The run it belongs to; null for one outside of any run.</param>
    /// <param name="requireRoom">Whether nothing is to happen unless every present connection has room.</param>
    /// <param name="key">The key under which it is published, if there is one.</param>
    /// <param name="isUrgent">Whether somebody waits for it to be stored.</param>
    /// <param name="hasRoom">Whether the log keeps room for it (<see cref="WaitForLogAsync"/>).</param>
    public AppendOutcome Append(
        in EventDraft draft, StreamRun? run, bool requireRoom, PublishKey? key = null, bool isUrgent = false, bool hasRoom = false)
    {
        var outcome = AppendLocked(draft, run, requireRoom, key, isUrgent, hasRoom);
        if (_relief is { IsDue: true })
        {
            // Not before the lock is left: it takes those of other streams.
            _relief.Run(this);
        }

        return outcome;
    }

    /// <summary>Waits until the log has room for an event, which it keeps until the result is disposed.</summary>
    public ValueTask<IDisposable> WaitForLogAsync(int bytes, CancellationToken cancellationToken)
        => _log.WaitForRoomAsync(_lease, bytes, cancellationToken);

    /// <summary>Completes when every present connection has room again, or one of them has ended; the caller tries again then.</summary>
    public Task WaitForRoomAsync(in EventDraft draft)
    {
        lock (_gate)
        {
            // First the name on the list, then the look, with a fence between: a writer takes frames off first and looks at the list then,
            // so one of the two sees the other.
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

    private AppendOutcome AppendLocked(in EventDraft draft, StreamRun? run, bool requireRoom, PublishKey? key, bool isUrgent, bool hasRoom)
    {
        lock (_gate)
        {
            if (_evicted)
            {
                // A pinned stream is evicted only when the pipeline has stopped.
                return AppendOutcome.Refused(AppendKind.Stopped);
            }

            if (run is { HasEnded: true })
            {
                return new AppendOutcome(AppendKind.RunEnded, run.TerminalSeq, 0, 0, null);
            }

            var seq = _head + 1;
            if (requireRoom && !HasRoom(draft.LengthAt(seq)))
            {
                return AppendOutcome.Refused(AppendKind.NoRoom);
            }

            var isTerminal = EventTypes.IsTerminal(draft.Type);
            var buffer = draft.Complete(_key, seq, isTerminal && run is not null ? run.SummaryAt(seq) : null);
            AppendResult taken;
            try
            {
                taken = _log.TryAppend(_lease, new LogEntry(seq, draft.Type, draft.AcceptedAt, buffer)
                {
                    Run = run?.Logged,
                    Key = key,
                    IsUrgent = isUrgent,
                    HasRoom = hasRoom,
                    Declared = draft.Declared,
                });
            }
            catch (Exception fault)
            {
                // A log that throws has failed as much as one that says so, and the emitter is owed the same failure. It may have the key
                // all the same.
                key?.Settle(EventStatus.Pending);
                return AppendOutcome.Refused(AppendKind.LogFailed, fault);
            }

            if (taken != AppendResult.Taken)
            {
                return AppendOutcome.Refused(taken == AppendResult.Full ? AppendKind.LogFull : AppendKind.LogFailed);
            }

            try
            {
                var outcome = OnTaken(draft, seq, buffer, run);
                key?.Settle(outcome.Status);
                return outcome;
            }
            finally
            {
                // Whatever was thrown: the log has the key, and with it all of its events wait for the status.
                key?.Settle(EventStatus.Pending);
            }
        }
    }

    private void UnpinLocked()
    {
        if (--_pins == 0)
        {
            _idleSince = _time.GetTimestamp();
        }
    }

    private AppendOutcome OnTaken(in EventDraft draft, long seq, byte[] buffer, StreamRun? run)
    {
        _ledger.OnTaken();
        Volatile.Write(ref _head, seq);
        _window.Add(seq, buffer, _committed);
        var (isTerminal, critical) = (EventTypes.IsTerminal(draft.Type), EventTypes.IsCritical(draft.Type));
        run?.Count(seq, isTerminal, draft.Declared);
        if (critical)
        {
            _criticals.Add(seq);
        }

        var outcome = FanOut(seq, buffer, draft.Timestamp, critical);
        if (outcome.Connected > 0)
        {
            Sample(seq, draft.Timestamp, isTerminal && run is not null);
        }

        _ledger.OnAccepted(seq);
        return outcome;
    }

    private AppendOutcome FanOut(long seq, byte[] buffer, long acceptedAt, bool critical)
    {
        var (connected, lagging) = (0, 0);
        List<OverflowedConnection>? overflowed = null;
        var frame = SendFrame.ForLiveEvent(seq, buffer, acceptedAt);
        foreach (var subscription in _subscriptions)
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

    // One event at a time is followed until it is acknowledged: the next one after that is the next sample.
    private void Sample(long seq, long acceptedAt, bool isRunsEnd)
    {
        if (_sampledSeq == 0 || _time.GetElapsedTime(_sampledAt, acceptedAt) > LongestSample)
        {
            (_sampledSeq, _sampledAt) = (seq, acceptedAt);
        }

        if (isRunsEnd)
        {
            Observer.OnTerminalDue();
            _terminals.Enqueue(seq);
            if (_terminals.Count > MaxTerminals)
            {
                _terminals.Dequeue();
            }
        }
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
}

using Netra.Pipeline.Events;
using Netra.Pipeline.Protocol;
using Netra.Pipeline.Runs;
using Netra.Pipeline.Storage;

namespace Netra.Pipeline.Streams;

/// <summary>
/// All events of one user in one order: gives each its number, and hands it to the log, to the recent window and to the user's connections.
/// Its parts do the rest, and callers that need only one of them ask for it.
/// </summary>
/// <remarks>
/// <para>One lock guards the stream and its parts. Nothing is awaited and no user code runs under it. It is taken by emitters
/// (<see cref="Append"/>), by the readers of the user's connections (<see cref="Acknowledge"/>), by their writers only to catch up
/// (<see cref="StreamPages"/>), by the tick, and by the log (<see cref="StreamStorage"/>).</para>
/// <para>Changes pass through the parts in one direction, and each part knows only those before it: the shared state, the acknowledgements,
/// the connections, the stages that events have reached; then pages, criticals, audit and storage, which stand beside each other.</para>
/// <para>An evicted stream is dead; every entrant checks that, and a pinned or connected stream is never evicted while the pipeline
/// runs, unless its user is erased.</para>
/// </remarks>
internal sealed class UserStream
{
    private readonly StreamState _state;
    private readonly EventWindow _window;

    private UserStream(StreamServices services, StreamLease lease)
    {
        _state = new StreamState(services, lease);
        Observer = _state.Observer;
        Pins = new StreamPins(_state);
        _window = new EventWindow(services.Options.WindowEvents, services.Budget);
        Runs = new StreamRuns(_state);
        Acknowledgements = new StreamAcknowledgements(_state);
        Subscribers = new StreamSubscribers(_state);
        Stages = new StreamStages(_state, Acknowledgements, Subscribers);
        Pages = new StreamPages(_state, _window, Acknowledgements, Subscribers, Stages);
        Criticals = new StreamCriticals(_state, Acknowledgements, Subscribers, Stages);
        Audit = new StreamAudit(_state, Subscribers);
        Storage = new StreamStorage(_state, _window, Acknowledgements, Stages, Runs);
    }

    public string UserId => _state.UserId;

    /// <summary>The history that its numbers belong to.</summary>
    public string Epoch => _state.Log.Epoch;

    /// <summary>Whether it is a reserved user's, which counts in no accounts.</summary>
    public bool IsSystem => _state.IsSystem;

    /// <summary>The stream's observer.</summary>
    public StreamObserver Observer { get; }

    /// <summary>The accounts; for tests that break a station on purpose.</summary>
    public StreamLedger Ledger => _state.Ledger;

    public StreamPins Pins { get; }

    public StreamRuns Runs { get; }

    public StreamAcknowledgements Acknowledgements { get; }

    public StreamSubscribers Subscribers { get; }

    public StreamStages Stages { get; }

    public StreamPages Pages { get; }

    public StreamCriticals Criticals { get; }

    public StreamAudit Audit { get; }

    public StreamStorage Storage { get; }

    /// <summary>The number the next event will get, unless another emitter is faster. Read without the lock, to size a buffer.</summary>
    public long ExpectedSeq => _state.Head + 1;

    /// <summary>Loads a user's stream.</summary>
    /// <param name="services">What all streams share.</param>
    /// <param name="userId">The user.</param>
    /// <param name="run">
    /// The run that is the reason, if there is one: the log claims the stream and looks the run up in the same step.
    /// </param>
    /// <param name="cancellationToken">Cancels waiting for the log.</param>
    public static async Task<UserStream> OpenAsync(
        StreamServices services, string userId, RunKey? run, CancellationToken cancellationToken)
    {
        UserStream? stream = null;
        Func<StreamLease, IStreamOwner> own = lease => (stream = new UserStream(services, lease)).Storage;
        if (run is { } key)
        {
            var (_, found) = await services.Log.OpenForRunAsync(userId, key.ThreadId, key.RunId, own, cancellationToken);
            stream!.Runs.OpenedFor = (key, found);
        }
        else
        {
            await services.Log.OpenAsync(userId, own, cancellationToken);
        }

        return stream!;
    }

    public string IdOf(long seq) => _state.IdOf(seq);

    /// <summary>Gives an event the next number, hands it to the log, and to the queue of every connection that has room.</summary>
    /// <param name="draft">The encoded event.</param>
    /// <param name="run">The run it belongs to; null for one outside of any run.</param>
    /// <param name="requireRoom">Whether nothing is to happen unless every present connection has room.</param>
    /// <param name="key">The key under which it is published, if there is one.</param>
    /// <param name="isUrgent">Whether a caller waits for it to be stored.</param>
    /// <param name="hasRoom">Whether the log keeps room for it (<see cref="StreamStorage.WaitForRoomAsync"/>).</param>
    /// <param name="question">What it asks or answers; null for nothing.</param>
    /// <param name="command">What it changes among the commands; null for nothing.</param>
    public AppendOutcome Append(
        in EventDraft draft,
        StreamRun? run,
        bool requireRoom,
        PublishKey? key = null,
        bool isUrgent = false,
        bool hasRoom = false,
        QuestionChange? question = null,
        CommandChange? command = null)
    {
        var outcome = AppendLocked(draft, run, requireRoom, key, isUrgent, hasRoom, question, command);
        if (_state.Services.Relief is { IsDue: true } relief)
        {
            // Only after the lock is released: it takes those of other streams.
            relief.Run(this);
        }

        return outcome;
    }

    /// <summary>Registers a connection: from here on it misses no event. Its <c>welcome</c> is the first thing in its queue.</summary>
    /// <param name="subscription">The connection's place, new.</param>
    /// <param name="request">Where the client resumes.</param>
    /// <param name="welcome">Makes the <c>welcome</c> of the resume point. It runs under the lock: it must only format.</param>
    /// <returns>False when the stream is evicted, and another must be loaded, or when the connection has ended already.</returns>
    public bool TryAttach(StreamSubscription subscription, in ResumeRequest request, Func<ResumePoint, byte[]> welcome)
    {
        lock (_state.Gate)
        {
            if (Pins.IsEvicted || subscription.IsDetached)
            {
                return false;
            }

            subscription.IsAttached = true;
            var point = Pages.Begin(subscription, request);
            if (!subscription.Queue.TryEnqueue(SendFrame.ForMessage(welcome(point))))
            {
                throw new InvalidOperationException("The queue of a new connection has no room for its welcome.");
            }

            Subscribers.Add(subscription);
            subscription.Queue.Wake();
            return true;
        }
    }

    public void Detach(StreamSubscription subscription)
    {
        lock (_state.Gate)
        {
            if (subscription.IsDetached)
            {
                return;
            }

            subscription.IsDetached = true;
            if (!subscription.IsAttached)
            {
                return;
            }

            Subscribers.Remove(subscription);
            Audit.OnDeparted(subscription);
            if (Subscribers.All.Length == 0)
            {
                Acknowledgements.Followed.DropSample();
            }
        }
    }

    /// <summary>A device confirms that its application has handled everything it covers up to a number.</summary>
    /// <param name="subscription">The device's place.</param>
    /// <param name="seq">The number.</param>
    public AcknowledgeOutcome Acknowledge(StreamSubscription subscription, long seq)
    {
        TimeSpan? latency;
        lock (_state.Gate)
        {
            if (seq > Math.Max(subscription.CoverageFrom, subscription.LastTold))
            {
                return AcknowledgeOutcome.AboveWritten;
            }

            if (seq <= subscription.Acknowledged)
            {
                return AcknowledgeOutcome.NoOp;
            }

            Acknowledgements.UnconfirmedSince = 0;
            if (Acknowledgements.Confirm(subscription.CoverageFrom, seq))
            {
                Stages.Release();
            }

            subscription.Acknowledged = seq;
            latency = Acknowledgements.Followed.TakeSample(subscription.CoverageFrom, seq);
        }

        if (latency is { } took)
        {
            Observer.OnSampleAcknowledged(took);
        }

        return AcknowledgeOutcome.Progress;
    }

    public StreamSnapshot Snapshot()
    {
        lock (_state.Gate)
        {
            var (connections, acknowledged) = (Subscribers.All, Acknowledgements.Events);
            return new StreamSnapshot(
                _state.Head,
                _state.Committed,
                _state.ExpiredThrough,
                acknowledged,
                Acknowledgements.ContiguousThrough,
                connections.Length,
                connections.Count(static s => s.Mode == SubscriptionMode.Lagging),
                connections.Any(static s => s.IsPresent),
                _state.Ledger.Account(acknowledged, Acknowledgements.DeadLetters.Count))
            { Owed = Subscribers.CountOwed(Acknowledgements) };
        }
    }

    /// <summary>Whether the stream is unused: unpinned, unconnected, everything committed, and no dead letter to be settled.</summary>
    /// <param name="since">The timestamp at which it was last used.</param>
    public bool IsIdle(out long since)
    {
        lock (_state.Gate)
        {
            since = Pins.IdleSince;
            return IsIdleLocked() && !Pins.IsEvicted;
        }
    }

    /// <summary>Ends the stream if it is unused, and has been since a time.</summary>
    /// <param name="since">The timestamp from <see cref="IsIdle"/>.</param>
    public bool TryEvict(long since)
    {
        lock (_state.Gate)
        {
            if (!IsIdleLocked() || Pins.IdleSince != since)
            {
                return false;
            }

            Audit.RecordDeparted();
            return EvictLocked();
        }
    }

    /// <summary>
    /// Ends the stream even if it is pinned, since the pipeline has stopped, or its user is erased: once the log has stored what it has
    /// accepted.
    /// </summary>
    /// <param name="isErased">Whether it is for the user's erasure.</param>
    /// <param name="cancellationToken">Cancels waiting.</param>
    /// <returns>Whether it was still there.</returns>
    public async ValueTask<bool> CloseAsync(bool isErased, CancellationToken cancellationToken)
    {
        Task stored;
        lock (_state.Gate)
        {
            Pins.IsErased |= isErased;
            if (!EvictLocked())
            {
                return false;
            }

            stored = Stages.WhenCommittedLocked(_state.Head);
        }

        await stored.WaitAsync(cancellationToken);
        return true;
    }

    /// <summary>Gives the lease of an evicted stream back, with its dead letters settled that were confirmed last.</summary>
    public async ValueTask ReleaseAsync(CancellationToken cancellationToken)
    {
        try
        {
            if (Criticals.HasRevived)
            {
                await Criticals.SettleRevivedAsync(cancellationToken);
            }
        }
        finally
        {
            await _state.Log.ReleaseAsync(_state.Lease, Storage.ReadAcknowledged(), cancellationToken);
        }
    }

    private AppendOutcome AppendLocked(
        in EventDraft draft,
        StreamRun? run,
        bool requireRoom,
        PublishKey? key,
        bool isUrgent,
        bool hasRoom,
        QuestionChange? question,
        CommandChange? command)
    {
        lock (_state.Gate)
        {
            if (Pins.IsEvicted)
            {
                // A pinned stream is evicted only when the pipeline has stopped, or its user is erased.
                return AppendOutcome.Refused(Pins.IsErased ? AppendKind.Erased : AppendKind.Stopped);
            }

            if (question is not null && run!.Judge(question, draft.Attempt) is { Verdict: not QuestionVerdict.Taken } known)
            {
                return AppendOutcome.Refused(AppendKind.Question) with { Question = known };
            }

            if (run is { HasEnded: true })
            {
                return new AppendOutcome(AppendKind.RunEnded, run.TerminalSeq, 0, 0, null);
            }

            var place = run?.PlaceOf(draft) ?? AttemptPlace.Present;
            var isTerminal = EventTypes.IsTerminal(draft.Type);
            if (place == AttemptPlace.Unknown || (place == AttemptPlace.Late && (isTerminal || question?.Answer is not null)))
            {
                var kind = place == AttemptPlace.Late ? AppendKind.AttemptSuperseded : AppendKind.AttemptUnknown;
                return AppendOutcome.Refused(kind) with { Place = place, Attempt = run!.Attempt };
            }

            var seq = _state.Head + 1;
            if (requireRoom && !Subscribers.HasRoom(draft.LengthAt(seq)))
            {
                return AppendOutcome.Refused(AppendKind.NoRoom);
            }

            var buffer = draft.Complete(_state.Key, seq, isTerminal && run is not null ? run.SummaryAt(seq) : null);
            var asked = place == AttemptPlace.Late ? null : question?.At(seq, draft.AcceptedAt, draft.Attempt);
            AppendResult taken;
            try
            {
                taken = _state.Log.TryAppend(_state.Lease, new LogEntry(seq, draft.Type, draft.AcceptedAt, buffer)
                {
                    Run = place == AttemptPlace.Late ? null : run?.Logged,
                    Attempt = draft.Attempt,
                    Question = asked,
                    Key = key,
                    IsUrgent = isUrgent,
                    HasRoom = hasRoom,
                    Declared = place == AttemptPlace.Late ? null : run?.Keep(draft.Declared),
                    Thread = place == AttemptPlace.Late ? new EventThread(run!.ThreadId) : draft.Thread,
                    Publisher = place == AttemptPlace.Late ? null : draft.Publisher?.Id,
                    Command = command,
                });
            }
            catch (Exception fault)
            {
                // A log that throws has failed as much as one that returns a failure, and the emitter gets the same failure. The log may
                // have the key all the same.
                key?.Settle(EventStatus.Pending);
                return AppendOutcome.Refused(AppendKind.LogFailed, fault);
            }

            if (taken != AppendResult.Taken)
            {
                return AppendOutcome.Refused(taken == AppendResult.Full ? AppendKind.LogFull : AppendKind.LogFailed);
            }

            try
            {
                var outcome = OnTaken(draft, seq, buffer, run, place);
                if (asked is not null)
                {
                    run!.Questions.Put(asked);
                    outcome = outcome with { Question = new QuestionOutcome(QuestionVerdict.Taken, asked) };
                }

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

    private AppendOutcome OnTaken(in EventDraft draft, long seq, byte[] buffer, StreamRun? run, AttemptPlace place)
    {
        _state.Ledger.OnTaken();
        _state.Head = seq;
        _window.Add(seq, buffer, _state.Committed);
        var (isTerminal, critical) = (EventTypes.IsTerminal(draft.Type), EventTypes.IsCritical(draft.Type));
        if (place == AttemptPlace.Begins)
        {
            BeginAttempt(run!, draft.Attempt);
        }

        if (place != AttemptPlace.Late)
        {
            // What the server says of a run ends no wait that the run has announced.
            run?.Count(seq, isTerminal, run.Keep(draft.Declared), keepsWaiting: EventTypes.IsOfServer(draft.Type));
            if (draft.Publisher is { } publisher)
            {
                run?.Publisher = publisher;
            }
        }

        if (critical)
        {
            Acknowledgements.Criticals.Add(seq);
        }

        var outcome = Subscribers.FanOut(seq, buffer, draft.Timestamp, critical);
        if (outcome.Connected > 0)
        {
            Acknowledgements.Followed.Follow(seq, draft.Timestamp, isTerminal && run is not null);
        }

        _state.Ledger.OnAccepted(seq);
        return place == AttemptPlace.Present
            ? outcome
            : outcome with { Place = place, Attempt = run!.Attempt, IsFirstLate = place == AttemptPlace.Late && run.TakeLate() };
    }

    private void BeginAttempt(StreamRun run, int attempt)
    {
        run.Begin(attempt);
        if (!_state.IsSystem)
        {
            _state.Services.Counters.OnAttempt();
        }
    }

    private bool IsIdleLocked() => !Pins.IsPinned
        && Subscribers.All.Length == 0
        && !Stages.HasWaiters
        && !Acknowledgements.DeadLetters.HasRevived
        && _state.Committed == _state.Head;

    private bool EvictLocked()
    {
        if (!Pins.TryEvict())
        {
            return false;
        }

        _window.Clear();
        _state.Services.Observers.Close(_state.Observer);
        return true;
    }
}

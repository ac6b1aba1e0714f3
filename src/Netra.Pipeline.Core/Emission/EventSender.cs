using System.Globalization;
using Netra.Pipeline.Contexts;
using Netra.Pipeline.Events;
using Netra.Pipeline.Failures;
using Netra.Pipeline.Protocol;
using Netra.Pipeline.Runs;
using Netra.Pipeline.Storage;
using Netra.Pipeline.Streams;

namespace Netra.Pipeline.Emission;

/// <summary>
/// Sends the events of one emitter to the user's stream, and waits where there is no room: the log is full or cannot store for
/// the moment, or a connection's queue is full and the emitter wants to wait for it. It waits under no lock, and nothing is
/// numbered meanwhile. Safe from any thread.
/// </summary>
/// <param name="services">What all emitters share.</param>
/// <param name="stream">The user's stream.</param>
/// <param name="guard">Refuses.</param>
/// <param name="life">The run's life; null outside of any run.</param>
/// <param name="context">Whose run it is.</param>
/// <param name="publisher">The attempt that its publisher is at.</param>
/// <param name="options">How the emitter behaves.</param>
internal sealed class EventSender(
    EmissionServices services,
    UserStream stream,
    EmissionGuard guard,
    RunLife? life,
    UserExecutionContext context,
    PublisherAttempt publisher,
    EmitterOptions options)
{
    private readonly TimeSpan _roomTimeout = options.RoomTimeout ?? services.Waits.Timeout;
    private EmissionQueue? _queue;

    /// <summary>Sends an event, once there is room for it.</summary>
    /// <returns>
    /// Its receipt; completed, unless it waits. It throws before it returns when the event is refused and has not waited.
    /// </returns>
    public ValueTask<EventReceipt> SendAsync(in PendingEvent pending, CancellationToken cancellationToken)
    {
        if (Volatile.Read(ref _queue) is { IsEmpty: false })
        {
            return WaitAndSendAsync(pending, cancellationToken);
        }

        var outcome = Append(pending, hasRoom: false);
        return LimitOf(outcome) > TimeSpan.Zero
            ? WaitAndSendAsync(pending, cancellationToken)
            : ValueTask.FromResult(Conclude(pending, outcome));
    }

    private AppendOutcome Append(in PendingEvent pending, bool hasRoom)
        => stream.Append(
            pending.Draft,
            pending.Run,
            options.Overflow == OverflowBehavior.Wait,
            pending.Key,
            pending.IsUrgent,
            hasRoom,
            pending.Question,
            pending.Command);

    /// <summary>How long an event may wait after what it was answered; zero when that is final.</summary>
    private TimeSpan LimitOf(in AppendOutcome outcome) => outcome.Kind switch
    {
        AppendKind.NoRoom => options.WaitTimeout,
        AppendKind.LogFull => _roomTimeout,

        // One that has failed for good, or that threw, has no trouble that may pass.
        AppendKind.LogFailed when outcome.Fault is null && services.Log.Trouble is not null => _roomTimeout,
        _ => TimeSpan.Zero,
    };

    private async ValueTask<EventReceipt> WaitAndSendAsync(PendingEvent pending, CancellationToken cancellationToken)
    {
        var bytes = pending.Draft.LengthAt(ProtocolConstants.MaxSeq);
        if (!services.Waits.TryEnter(bytes))
        {
            services.Waits.Refused.Add();
            throw guard.Refused(
                pending.Draft.Type, SendFailureException.TooManyWait(guard.Scope(pending.Draft.Type), services.Waits.Limit));
        }

        // A publisher that tries is alive, however it ends: the run is not to be called quiet for what it waits for.
        // A dead letter counts in no run.
        var waiting = pending.Run is not null && !options.IsOfServer ? life : null;
        var present = PublisherAttempt.At(pending.Draft.Attempt);
        if (waiting is not null)
        {
            services.Runs.BeginRequest(waiting, present);
        }

        var queue = Volatile.Read(ref _queue) ?? Interlocked.CompareExchange(ref _queue, new EmissionQueue(), null) ?? _queue;
        var node = queue.Enter();
        var begun = services.Served.GetTimestamp();
        try
        {
            await EndedBy(node.Value.Task, Timeout.InfiniteTimeSpan, pending, cancellationToken);
            return await SendFirstAsync(pending, bytes, begun, cancellationToken);
        }
        finally
        {
            queue.Leave(node);
            services.Waits.Leave(bytes);
            if (waiting is not null)
            {
                services.Runs.EndRequest(waiting, present, isBroken: false);
            }
        }
    }

    private async ValueTask<EventReceipt> SendFirstAsync(PendingEvent pending, int bytes, long begun, CancellationToken cancellationToken)
    {
        var type = pending.Draft.Type;
        var outcome = Append(pending, hasRoom: false);
        var cameAtOnce = 0;
        while (LimitOf(outcome) is var limit && limit > TimeSpan.Zero)
        {
            var left = limit - services.Served.GetElapsedTime(begun);
            if (left <= TimeSpan.Zero)
            {
                throw WaitedInVain(pending, outcome, limit);
            }

            var isForLog = outcome.Kind != AppendKind.NoRoom;
            var room = isForLog
                ? WaitForRoomAsync(pending, bytes, left, cancellationToken)
                : WaitForConnectionsAsync(pending, left, cancellationToken);
            cameAtOnce = isForLog && room.IsCompleted ? cameAtOnce + 1 : 0;
            using (var kept = await room)
            {
                // The pipeline may have stopped meanwhile, or be in an emergency. Its age as an event delivered begins when it is accepted.
                guard.Ensure(type);
                var draft = pending.Draft.AcceptedAgainAt(services.Time.GetUtcNow(), services.Served.GetTimestamp());
                pending = new PendingEvent(draft, pending.Subject, pending.Run)
                {
                    Key = pending.Key,
                    IsUrgent = pending.IsUrgent,
                    Question = pending.Question,
                    Command = pending.Command,
                };
                outcome = Append(pending, hasRoom: kept is not null);
            }

            if (cameAtOnce > 1 && outcome.Kind is AppendKind.LogFull or AppendKind.LogFailed)
            {
                // There is nothing to wait for: it can never hold so much, has ended, or does not say when it has room. Trouble may begin
                // between a wait and the append once, but not twice.
                break;
            }
        }

        return Conclude(pending, outcome);
    }

    private async ValueTask<IDisposable?> WaitForRoomAsync(
        PendingEvent pending, int bytes, TimeSpan timeout, CancellationToken cancellationToken)
    {
        using var patience = new CancellationTokenSource(timeout, services.Time);
        using var any = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellationToken, services.Bridge.WaitsEnded);
        try
        {
            return await stream.Storage.WaitForRoomAsync(bytes, any.Token);
        }
        catch (OperationCanceledException)
        {
            EnsureStillWaiting(pending, cancellationToken);
            return null;
        }
    }

    private async ValueTask<IDisposable?> WaitForConnectionsAsync(
        PendingEvent pending, TimeSpan timeout, CancellationToken cancellationToken)
    {
        await EndedBy(stream.Subscribers.WaitForRoomAsync(pending.Draft), timeout, pending, cancellationToken);
        return null;
    }

    // Returns as well when the time is over: the caller looks at the clock.
    private async ValueTask EndedBy(Task task, TimeSpan timeout, PendingEvent pending, CancellationToken cancellationToken)
    {
        if (task.IsCompletedSuccessfully)
        {
            return;
        }

        using var any = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, services.Bridge.WaitsEnded);
        try
        {
            await task.WaitAsync(timeout, services.Time, any.Token);
        }
        catch (TimeoutException)
        {
            // As said above.
        }
        catch (OperationCanceledException)
        {
            EnsureStillWaiting(pending, cancellationToken);
        }
    }

    private void EnsureStillWaiting(in PendingEvent pending, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (services.Bridge.WaitsEnded.IsCancellationRequested)
        {
            guard.Ensure(pending.Draft.Type);
            throw guard.Refused(pending.Draft.Type, BridgeUnavailableException.Draining(guard.Scope(pending.Draft.Type)));
        }
    }

    private PipelineException WaitedInVain(in PendingEvent pending, in AppendOutcome outcome, TimeSpan limit)
    {
        var type = pending.Draft.Type;
        if (outcome.Kind == AppendKind.NoRoom)
        {
            return guard.Refused(
                type, BufferOverflowException.WaitTimedOut(guard.Scope(type), limit, stream.Subscribers.WithoutRoom(pending.Draft)));
        }

        services.Waits.Refused.Add();
        return guard.Refused(type, outcome.Kind == AppendKind.LogFull
            ? SendFailureException.LogFull(guard.Scope(type), services.Log.Bound, limit)
            : SendFailureException.LogFailed(
                guard.Scope(type),
                string.Create(
                    CultureInfo.InvariantCulture, $"it takes nothing until it recovers, and has not within {limit.TotalSeconds:0.###} s")));
    }

    // Without a subject the event counts in no run.
    private EventReceipt Conclude(in PendingEvent pending, in AppendOutcome outcome)
    {
        var type = pending.Draft.Type;
        switch (outcome.Kind)
        {
            case AppendKind.Accepted:
                break;
            case AppendKind.Question:
                pending.Question!.Outcome = outcome.Question;
                return default;
            case AppendKind.RunEnded:
                throw guard.Refused(type, SendFailureException.RunEnded(guard.Scope(type), EventTypes.WireName(type)));
            case AppendKind.AttemptSuperseded:
                throw guard.Refused(type, SendFailureException.AttemptSuperseded(
                    guard.Scope(type), EventTypes.WireName(type), pending.Draft.Attempt, outcome.Attempt));
            case AppendKind.AttemptUnknown:
                throw guard.Refused(type, SendFailureException.AttemptUnknown(guard.Scope(type), pending.Draft.Attempt, outcome.Attempt));
            case AppendKind.LogFull:
                throw guard.Refused(type, SendFailureException.LogFull(guard.Scope(type), services.Log.Bound));
            case AppendKind.LogFailed:
                throw guard.Refused(type, SendFailureException.LogFailed(
                    guard.Scope(type),
                    outcome.Fault is null ? "it takes nothing until it recovers" : "it threw; the server's log says what",
                    innerException: outcome.Fault));
            case AppendKind.Stopped:
                throw guard.Refused(type, new NotInitializedException(guard.Scope(type), nameof(Gate.BridgeState.Stopped)));
            case AppendKind.Erased:
                throw guard.Refused(
                    type, SendFailureException.ErasureUnderWay(new FailureScope(EventTypes.WireName(type))));
            case AppendKind.NoRoom:
            default:
                throw new InvalidOperationException($"An append without a wish for room ended with {outcome.Kind}.");
        }

        stream.Observer.OnAccepted(type, pending.Draft.Timestamp);
        if (pending.Subject is { } named && life is not null)
        {
            Move(pending.Draft.Attempt, outcome.Place);
            Observe(life, pending.Draft, named, outcome);
            if (outcome.Question is { Known: { } question })
            {
                pending.Question!.Outcome = outcome.Question;
                Observe(life, pending.Run!, question);
            }
        }

        var receipt = new EventReceipt(stream, outcome.Seq, outcome.Status);
        services.Telemetry.OnAccepted(type, stream, receipt, outcome, context);
        if (outcome.Overflowed is { } overflowed)
        {
            var exception = BufferOverflowException.QueueFull(guard.Scope(type), outcome.Seq, receipt.AssignedId, overflowed);
            services.Failures.Report(exception);
            if (options.Overflow == OverflowBehavior.Raise)
            {
                throw exception;
            }
        }

        return receipt;
    }

    // What the publisher publishes next without naming an attempt belongs to the one that it has begun.
    private void Move(int attempt, AttemptPlace place)
    {
        if (place == AttemptPlace.Begins)
        {
            publisher.Begin(attempt);
        }
        else if (attempt > publisher.Latest)
        {
            publisher.Reach(attempt);
        }
    }

    private void Observe(RunLife life, StreamRun run, LogQuestion question)
    {
        if (question.Answer is null)
        {
            services.Runs.Ask(life, question);
            if (stream.Runs.FindQuestion(run, question.RequestId)?.Answer is not null)
            {
                // The answer was quicker than this thread, and found nothing that waited.
                services.Runs.EndQuestion(life, question.RequestId);
            }
        }
        else if (services.Runs.EndQuestion(life, question.RequestId) is { } waited && !context.IsSystem)
        {
            services.Answers.OnAnswered(question.Kind, waited);
        }
    }

    private void Observe(RunLife life, in EventDraft draft, in EventSubject subject, in AppendOutcome outcome)
    {
        if (outcome.Place == AttemptPlace.Late)
        {
            if (outcome.IsFirstLate && !options.IsOfServer)
            {
                services.Runs.OnLate(life, context, draft.Type, draft.Attempt, outcome.Attempt);
            }
        }
        else if (!EventTypes.IsCritical(draft.Type))
        {
            services.Runs.OnToken(life, draft.Timestamp);
        }
        else if (options.IsOfServer)
        {
            services.Runs.OnOwnEvent(life, draft.Type);
        }
        else
        {
            services.Runs.OnEvent(life, context, draft.Type, subject, draft.Attempt);
        }

        if (EventTypes.IsCritical(draft.Type) && services.Observation.HasObservers)
        {
            services.Observation.OnEvent(
                new ObservedEvent(context, draft.Type, outcome.Seq, draft.AcceptedAt, subject.Name, subject.CallId));
        }
    }
}

/// <summary>An encoded event on its way to its stream.</summary>
/// <param name="Draft">The event.</param>
/// <param name="Subject">What it is about; null for one that counts in no run.</param>
/// <param name="Run">The run that it counts in; null for none.</param>
internal readonly record struct PendingEvent(EventDraft Draft, EventSubject? Subject, StreamRun? Run)
{
    /// <summary>The event. A field, so that handing it on copies no ten words.</summary>
    public readonly EventDraft Draft = Draft;

    /// <summary>The key under which it is published; null for none.</summary>
    public PublishKey? Key { get; init; }

    /// <summary>Whether a publisher waits for it to be stored.</summary>
    public bool IsUrgent { get; init; }

    /// <summary>What it asks or answers; null for nothing.</summary>
    public QuestionChange? Question { get; init; }

    /// <summary>What it changes among the commands, in its transaction; null for nothing.</summary>
    public CommandChange? Command { get; init; }
}

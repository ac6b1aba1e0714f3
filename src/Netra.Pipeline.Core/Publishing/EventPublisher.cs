using System.Buffers;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;
using Netra.Pipeline.Commands;
using Netra.Pipeline.Connections;
using Netra.Pipeline.Contexts;
using Netra.Pipeline.Diagnostics;
using Netra.Pipeline.Emission;
using Netra.Pipeline.Events;
using Netra.Pipeline.Failures;
using Netra.Pipeline.Gate;
using Netra.Pipeline.Http;
using Netra.Pipeline.Limits;
using Netra.Pipeline.Protocol;
using Netra.Pipeline.Runs;
using Netra.Pipeline.Storage;
using Netra.Pipeline.Streams;
using Netra.Pipeline.Tenants;

namespace Netra.Pipeline.Publishing;

/// <summary>
/// Takes events that come as JSON: reads, checks and emits them. Whatever is wrong with an event, or with the pipeline, comes back as an
/// outcome and has been reported. Safe to use from any thread.
/// </summary>
internal sealed partial class EventPublisher(
    UserExecutionContextFactory contexts,
    EventEmitterFactory emitters,
    PipelineBridge bridge,
    IdempotencyIndex index,
    FailureReporter failures,
    IOptions<PublishOptions> options,
    IOptions<StreamOptions> streams,
    RunRegistry registry,
    TokenUsageMetrics usage,
    CommandRegistry commands,
    PipelineSpans spans,
    IOptions<PeerLimitOptions> peerLimits,
    LimitMetrics limits,
    SecurityAudit audit,
    ServedTime time)
{
    /// <summary>What failures call it.</summary>
    public const string Operation = "Publish";

    private const string ReplayOperation = "ReplayDeadLetter";

    /// <summary>The longest event as it is sent, in bytes.</summary>
    public int MaxBodyBytes { get; } = options.Value.BodyLimit(streams.Value);

    /// <summary>Begins a request that publishes; disposing it closes its runs.</summary>
    /// <param name="context">The request.</param>
    /// <param name="isUrgent">Whether its publisher waits for each event to be stored.</param>
    public PublishRequest Begin(HttpContext context, bool isUrgent)
        => Begin(context, new RunPublisher(RequestAuthor.IdOf(context.User)), isUrgent);

    /// <summary>Begins a request that publishes; disposing it closes its runs.</summary>
    /// <param name="context">The request.</param>
    /// <param name="self">Who its runs are told that it is.</param>
    /// <param name="isUrgent">Whether its publisher waits for each event to be stored.</param>
    public PublishRequest Begin(HttpContext context, RunPublisher self, bool isUrgent)
        => new(contexts, emitters, registry, context, self, isUrgent);

    /// <summary>Publishes one event.</summary>
    /// <param name="json">Everything the publisher sent for it; not needed any more when this completes.</param>
    /// <param name="request">The request.</param>
    /// <param name="cancellationToken">Fires when the publisher is gone.</param>
    public async ValueTask<PublishOutcome> PublishAsync(
        ReadOnlyMemory<byte> json, PublishRequest request, CancellationToken cancellationToken)
    {
        var scope = new FailureScope(Operation);
        int? attempt = null;
        PublishTarget? refused = null;
        try
        {
            using var published = PublishedEventReader.Read(json, request.LastTarget, request.Caller.TenantId);
            var target = published.Target;
            refused = target;
            attempt = target.Attempt;
            if (RefuseForeign(target, request) is { } foreign)
            {
                return foreign;
            }

            if (published.Malformed is { } malformed)
            {
                scope = target.RefusalScope;
                Hear(scope, attempt);
                return Rejected(Failure.In(FailureCode.InvalidEvent, scope, malformed));
            }

            if (published.CommandAck is { } commandId && !request.IsUrgent)
            {
                return PublishOutcome.Acknowledged(
                    commandId, commands.AcknowledgeAsync(request.Publisher, commandId), time.GetTimestamp());
            }

            if (target.RunId is null && published is { Data.Type: EventType.Custom, Data.Json.IsEmpty: false })
            {
                return await PublishToThreadAsync(published, request, cancellationToken);
            }

            var emitter = request.Find(target);
            attempt ??= emitter?.Attempt;
            var context = emitter?.Context ?? request.CreateContext(target);
            scope = context.ScopeOf(Operation);
            if (published.Sign != LifeSign.None)
            {
                bridge.EnsureCanEmit(scope, isSystem: false);
                emitter ??= await request.OpenAsync(target, context, cancellationToken);
                return Renew(published, emitter, scope);
            }

            if (published.Invalid is { } invalid)
            {
                Hear(scope, attempt);
                return Rejected(Failure.In(FailureCode.InvalidEvent, scope, invalid));
            }

            var data = published.Data;
            var key = request.KeyOf(published.IdempotencyKey, scope);
            if (data.Type == EventType.RunWaiting)
            {
                EnsureMayBegin(data.Type, scope);
                emitter ??= await request.OpenAsync(target, context, cancellationToken);
                EnsureMayGoOn(emitter, scope);
                attempt = emitter.Attempt;
                return await PublishQuestionAsync(key, data, target, emitter, request, cancellationToken);
            }

            if (key is not null)
            {
                return await PublishOnceAsync(key, data, target, attempt, context, request, cancellationToken);
            }

            EnsureMayBegin(data.Type, scope);
            emitter ??= await request.OpenAsync(target, context, cancellationToken);
            EnsureMayGoOn(emitter, scope);
            if (RefuseAfterEnd(emitter, data.Type) is { } refusal)
            {
                return PublishOutcome.Rejected(refusal);
            }

            attempt = emitter.Attempt;
            return Accepted(await SendAsync(emitter, data, key: null, request.Publisher, request.IsUrgent, cancellationToken), context);
        }
        catch (BufferOverflowException exception) when (exception.Code == FailureCode.EventTooLarge)
        {
            Hear(scope, attempt);
            var rejected = Rejected(exception);
            await CloseToolAsync(refused!, exception.Event, request, cancellationToken);
            return rejected;
        }
        catch (PipelineException exception)
        {
            Hear(scope, attempt);
            return Rejected(exception);
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            Hear(scope, attempt);

            // A fault of the server: the publisher is told, and the next event may succeed.
            return Rejected(
                SendFailureException.NotSent(scope, "a fault of the server, which its log describes", innerException: exception));
        }
    }

    /// <summary>
    /// Publishes a dead letter anew. Whoever asks again, even after the process ended in the middle, gets the event that was made, as long
    /// as its key is kept.
    /// </summary>
    /// <param name="letter">The dead letter.</param>
    /// <param name="request">The request.</param>
    /// <param name="cancellationToken">Fires when the operator is gone.</param>
    public async ValueTask<PublishOutcome> ReplayAsync(DeadLetter letter, PublishRequest request, CancellationToken cancellationToken)
    {
        var scope = new FailureScope(ReplayOperation, letter.UserId);
        try
        {
            var envelope = EventEnvelope.Read(letter.Buffer);
            var target = new PublishTarget(
                UserKey.UserOf(letter.UserId), envelope.ThreadId, envelope.RunId, TraceParent: null, TraceState: null)
            {
                TenantId = UserKey.TenantOf(letter.UserId),
                Attempt = envelope.Attempt,
            };
            var context = request.CreateContext(target);
            scope = context.ScopeOf(ReplayOperation);
            var data = new PublishedData(envelope.Type, envelope.Data, AddMetadata: false, AddTimestamp: false);
            bridge.EnsureCanEmit(scope, isSystem: false);
            return Accepted(await index.EmitAsync(IdempotencyHashes.OfReplay(envelope.Id), scope, EmitAsync, cancellationToken), context);

            async ValueTask<EventReceipt> EmitAsync(PublishKey key, CancellationToken token)
            {
                var emitter = await request.OpenAsync(target, context, token);
                return await emitter.EmitReplayAsync(data, envelope.Id, key, token);
            }
        }
        catch (PipelineException exception)
        {
            return Rejected(exception);
        }
    }

    /// <summary>Refuses an event that is too long to be taken. Its beginning says who is missing it.</summary>
    /// <param name="what">What is too long: the body, or the line.</param>
    /// <param name="beginning">What has been read of it.</param>
    /// <param name="request">The request.</param>
    /// <param name="cancellationToken">Fires when the publisher is gone.</param>
    public async ValueTask<PublishOutcome> RejectTooLongAsync(
        string what, ReadOnlySequence<byte> beginning, PublishRequest request, CancellationToken cancellationToken)
    {
        var (target, refused) = TooLongEventReader.Read(
            beginning.Slice(0, Math.Min(beginning.Length, MaxBodyBytes)), request.Caller.TenantId);
        if (RefuseForeign(target, request) is { } foreign)
        {
            return foreign;
        }

        var scope = target.RefusalScope;
        Hear(scope, target.Attempt);
        var rejected = Rejected(Failure.In(
            FailureCode.EventTooLarge,
            scope,
            $"{Operation} was refused: the {what} has more than {MaxBodyBytes} bytes (Netra:Publish:MaxBodyBytes)") with
        {
            EventType = refused.Type,
            ToolName = refused.ToolName,
            CallId = refused.CallId,
            Numbers = new Dictionary<string, long>(StringComparer.Ordinal) { ["limit"] = MaxBodyBytes },
        });
        await CloseToolAsync(target, refused, request, cancellationToken);
        return rejected;
    }

    /// <summary>Refuses a single event, since its publisher sends too many.</summary>
    public PublishOutcome RejectRate()
    {
        var rates = peerLimits.Value;
        limits.Refused(Limit.PublishedEvents);
        return Rejected(Failure.In(
            FailureCode.RateLimited,
            new FailureScope(Operation),
            $"{Operation} was refused: the publisher posts more than {rates.PublishedEventsPerSecond} single events or "
            + $"{rates.PublishedBytesPerSecond} bytes a second, or more than {rates.RefusedEventsPerSecond} of them are refused "
            + "(Netra:Limits:PublishedEventsPerSecond, PublishedBytesPerSecond, RefusedEventsPerSecond)"));
    }

    /// <summary>Waits until an accepted event is stored: only then its publisher may be told so.</summary>
    /// <param name="accepted">The event's outcome, without a rejection.</param>
    /// <param name="cancellationToken">Fires when the publisher is gone.</param>
    /// <returns>Null once it is stored; otherwise why that is not certain.</returns>
    public async ValueTask<PublishRejection?> ConfirmStoredAsync(PublishOutcome accepted, CancellationToken cancellationToken)
    {
        if (accepted.Earlier is not null)
        {
            return null;
        }

        var stored = accepted.Kept ?? accepted.Receipt.WhenCommittedAsync();
        if (stored.IsCompletedSuccessfully)
        {
            return null;
        }

        var left = options.Value.StoreTimeout - time.GetElapsedTime(accepted.AcceptedAt);
        try
        {
            await stored.WaitAsync(left > TimeSpan.Zero ? left : TimeSpan.Zero, time, cancellationToken);
            return null;
        }
        catch (TimeoutException)
        {
            return Unconfirmed(accepted, $"nothing was committed within {options.Value.StoreTimeout}, Netra:Publish:StoreTimeout");
        }
        catch (SendFailureException exception) when (accepted.Kept is not null)
        {
            return Rejected(exception).Rejection;
        }
        catch (SendFailureException exception)
        {
            return Unconfirmed(accepted, "it has ended without storing what it had in hand", exception);
        }
    }

    // Before anything is heard of, told to, or made for the user.
    private PublishOutcome? RefuseForeign(PublishTarget target, PublishRequest request)
    {
        if (target.UserId is not { } user || request.Caller.Covers(UserKey.Of(target.TenantId, user)))
        {
            return null;
        }

        audit.PublishRefused(request.Publisher, request.Caller.Users.Text);
        return Rejected(Failure.In(
            FailureCode.Forbidden,
            new FailureScope(Operation),
            $"{Operation} was refused: the caller is for {request.Caller.Users}"));
    }

    // A sign of life renews its run's lease.
    private PublishOutcome Renew(in PublishedEvent sign, EventEmitter emitter, in FailureScope scope)
    {
        var (left, kept) = sign.Sign == LifeSign.Heartbeat
            ? (emitter.Heartbeat(), Task.CompletedTask)
            : emitter.BeginWait(
                sign.Until ?? throw SendFailureException.InvalidEvent(scope, "data.until", "must be a Unix time in seconds"));
        return PublishOutcome.Renewed(left, kept, emitter.Context, time.GetTimestamp());
    }

    private async ValueTask<PublishOutcome> PublishOnceAsync(
        string key,
        PublishedData data,
        PublishTarget target,
        int? attempt,
        UserExecutionContext context,
        PublishRequest request,
        CancellationToken cancellationToken)
    {
        var scope = context.ScopeOf(Operation);
        bridge.EnsureCanEmit(scope, isSystem: false);

        // A repeated event is a sign of life of its run as well.
        Hear(scope, attempt);
        var hashes = IdempotencyHashes.Of(request.Publisher, key, context, target.Attempt, data);
        return Accepted(await index.EmitAsync(hashes, scope, EmitAsync, cancellationToken), context);

        // These checks are for the first publish alone: a repeated one gets its receipt even if the run has ended or the pipeline drains.
        async ValueTask<EventReceipt> EmitAsync(PublishKey publishKey, CancellationToken token)
        {
            EnsureMayBegin(data.Type, scope);
            var emitter = request.Find(target) ?? await request.OpenAsync(target, context, token);
            EnsureMayGoOn(emitter, scope);
            return await SendAsync(emitter, data, publishKey, request.Publisher, request.IsUrgent, token);
        }
    }

    // What belongs to a thread and to no run is rare, and is taken at any time.
    private async ValueTask<PublishOutcome> PublishToThreadAsync(
        PublishedEvent published, PublishRequest request, CancellationToken cancellationToken)
    {
        var context = request.CreateThreadContext(published.Target);
        var scope = context.ScopeOf(Operation);
        bridge.EnsureCanEmit(scope, isSystem: false);
        if (published.Target.Attempt is not null)
        {
            throw SendFailureException.InvalidEvent(scope, "attempt", "is of a run, and the event belongs to none");
        }

        var data = published.Data;
        if (request.KeyOf(published.IdempotencyKey, scope) is { } key)
        {
            var hashes = IdempotencyHashes.Of(request.Publisher, key, context, attempt: null, data);
            return Accepted(await index.EmitAsync(hashes, scope, EmitAsync, cancellationToken), context);
        }

        return Accepted(await EmitAsync(key: null, cancellationToken), context);

        async ValueTask<EventReceipt> EmitAsync(PublishKey? key, CancellationToken token)
        {
            await using var emitter = await emitters.CreateThreadEmitterAsync(context, PublishRequest.Options, token);
            var receipt = await emitter.EmitRawAsync(data, key, request.IsUrgent, token);
            usage.Record(data, isOfRun: false);
            return receipt;
        }
    }

    private PublishRejection? RefuseAfterEnd(EventEmitter emitter, EventType type)
    {
        if (emitter.RefuseAfterEnd(type) is not { } refusal)
        {
            return null;
        }

        using var span = spans.Send(type, emitter.Context);
        PipelineSpans.Fail(span, FailureCodes.WireName(refusal.Code), refusal.Message);
        return PublishRejection.From(refusal);
    }

    // Where the log is full the emission waits for room, and reading the request waits with it: no publisher is faster than the log.
    private async ValueTask<EventReceipt> SendAsync(
        EventEmitter emitter,
        PublishedData data,
        PublishKey? key,
        string publisherId,
        bool isUrgent,
        CancellationToken cancellationToken,
        QuestionChange? question = null)
    {
        using var span = spans.Send(data.Type, emitter.Context);
        try
        {
            EnsureRoomForRun(emitter, publisherId);
            var receipt = await emitter.EmitRawAsync(data, key, isUrgent, cancellationToken, question);
            span?.SetTag("messaging.message.id", receipt.Id);
            usage.Record(data, isOfRun: true);
            return receipt;
        }
        catch (PipelineException exception) when (span is not null)
        {
            PipelineSpans.Fail(span, FailureCodes.WireName(exception.Code), exception.Message);
            throw;
        }
    }

    // Of a run that has begun nothing is refused for it.
    private void EnsureRoomForRun(EventEmitter emitter, string publisherId)
    {
        if (!emitter.Life.HasBegun && registry.TryOpen(emitter.Life, publisherId, peerLimits.Value) is { } problem)
        {
            limits.Refused(Limit.OpenRuns);
            throw SendFailureException.TooManyRuns(emitter.Context.ScopeOf(Operation), problem);
        }
    }

    private void EnsureMayBegin(EventType type, in FailureScope scope)
    {
        bridge.EnsureCanEmit(scope, isSystem: false);
        if (type == EventType.AgentStarted && bridge.RefusesPublishedRuns)
        {
            throw BridgeUnavailableException.Draining(scope);
        }
    }

    // A publisher that does not wait for receipts sends on when the first line of a run is refused. Taking the rest would make a run
    // without a beginning, and end it before its publisher can try again.
    private void EnsureMayGoOn(EventEmitter emitter, in FailureScope scope)
    {
        if (bridge.RefusesPublishedRuns && !emitter.HasBegun)
        {
            throw BridgeUnavailableException.Draining(scope);
        }
    }

    private PublishOutcome Accepted(in KeyedReceipt keyed, UserExecutionContext context) => keyed.Earlier is { } earlier
        ? PublishOutcome.Stored(earlier)
        : Accepted(keyed.Receipt, context) with { IsReplay = keyed.IsRepeat };

    private PublishOutcome Accepted(in EventReceipt receipt, UserExecutionContext context)
        => new(receipt, context, time.GetTimestamp(), Rejection: null);

    private PublishRejection? Unconfirmed(in PublishOutcome accepted, string reason, Exception? cause = null)
    {
        var scope = accepted.Context?.ScopeOf(Operation) ?? new FailureScope(Operation);
        return Rejected(SendFailureException.LogFailed(scope, reason, accepted.Kept is null ? accepted.Seq : null, cause)).Rejection;
    }

    // A refused event is a sign of life too, if its run is known, and at its attempt.
    private void Hear(in FailureScope scope, int? attempt)
    {
        if (scope is { UserId: { } userId, ThreadId: { } threadId, RunId: { } runId })
        {
            registry.Hear(new RunKey(userId, threadId, runId), attempt);
        }
    }

    private PublishOutcome Rejected(Failure failure)
    {
        failures.Report(failure);
        return PublishOutcome.Rejected(new PublishRejection(failure.Code, failure.Message, failure.Numbers));
    }

    private PublishOutcome Rejected(PipelineException exception)
    {
        if (!bridge.IsOfTheStart(exception))
        {
            failures.Report(exception);
        }

        return PublishOutcome.Rejected(PublishRejection.From(exception));
    }
}

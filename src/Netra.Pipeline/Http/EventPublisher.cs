using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;
using Netra.Pipeline.Contexts;
using Netra.Pipeline.Emission;
using Netra.Pipeline.Failures;
using Netra.Pipeline.Hosting;
using Netra.Pipeline.Protocol;
using Netra.Pipeline.Streams;

namespace Netra.Pipeline.Http;

/// <summary>
/// Takes events that come as JSON: reads, checks and emits them. Whatever is wrong with an event, or with the pipeline, comes back as an outcome and has been reported. Safe to use
/// from any thread.
/// </summary>
internal sealed class EventPublisher(
    UserExecutionContextFactory contexts,
    EventEmitterFactory emitters,
    PipelineBridge bridge,
    FailureReporter failures,
    IOptions<PublishOptions> options,
    IOptions<StreamOptions> streams,
    TimeProvider time)
{
    /// <summary>What failures call it.</summary>
    public const string Operation = "Publish";

    /// <summary>The longest event as it is sent, in bytes.</summary>
    public int MaxBodyBytes { get; } = options.Value.BodyLimit(streams.Value);

    /// <summary>Opens what the events of one request share.</summary>
    /// <param name="context">The request.</param>
    /// <param name="isUrgent">Whether its publisher waits for each event to be stored.</param>
    public PublishRuns OpenRuns(HttpContext context, bool isUrgent)
    {
        var headers = context.Request.Headers;
        TraceContext.TryCreate(headers.TraceParent, headers.TraceState, out var trace);
        return new PublishRuns(contexts, emitters, context.TraceIdentifier, trace, isUrgent);
    }

    /// <summary>Publishes one event.</summary>
    /// <param name="json">Everything the publisher sent for it; not needed any more when this completes.</param>
    /// <param name="runs">The runs of the request.</param>
    /// <param name="cancellationToken">Fires when the publisher is gone.</param>
    public async ValueTask<PublishOutcome> PublishAsync(ReadOnlyMemory<byte> json, PublishRuns runs, CancellationToken cancellationToken)
    {
        var scope = new FailureScope(Operation);
        try
        {
            var request = PublishRequestReader.Read(json, runs.LastTarget);
            var emitter = runs.Find(request.Target);
            var context = emitter?.Context ?? runs.CreateContext(request.Target);
            scope = context.ScopeOf(Operation);
            var data = EventDataReader.Read(request, scope);
            if (data.Type == EventType.AgentStarted && bridge.State == BridgeState.Draining)
            {
                throw BridgeUnavailableException.Draining(scope);
            }

            emitter ??= await runs.OpenAsync(request.Target, context, cancellationToken);
            var receipt = emitter.EmitRaw(data, key: null, runs.IsUrgent);
            return new PublishOutcome(receipt, context, time.GetTimestamp(), Rejection: null);
        }
        catch (PipelineException exception)
        {
            return Rejected(exception);
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            // A fault of ours: the publisher must hear of it all the same, and the next event gets its chance.
            return Rejected(SendFailureException.NotSent(scope, "a fault of the server, which its log describes", innerException: exception));
        }
    }

    /// <summary>Refuses an event that is too long to be looked at.</summary>
    /// <param name="what">What is too long: the body, or the line.</param>
    public PublishOutcome RejectTooLong(string what)
    {
        var failure = Failure.In(
            FailureCode.EventTooLarge,
            new FailureScope(Operation),
            $"{Operation} was refused: the {what} has more than {MaxBodyBytes} bytes (Netra:Publish:MaxBodyBytes)") with
        {
            Numbers = new Dictionary<string, long>(StringComparer.Ordinal) { ["limit"] = MaxBodyBytes },
        };
        failures.Report(failure);
        return PublishOutcome.Rejected(new PublishRejection(failure.Code, failure.Message, failure.Numbers));
    }

    /// <summary>Waits until an accepted event is stored: only then its publisher may be told so.</summary>
    /// <param name="accepted">The event's outcome, without a rejection.</param>
    /// <param name="cancellationToken">Fires when the publisher is gone.</param>
    /// <returns>Null once it is stored; otherwise why that is not certain.</returns>
    public async ValueTask<PublishRejection?> ConfirmStoredAsync(PublishOutcome accepted, CancellationToken cancellationToken)
    {
        var stored = accepted.Receipt.WhenStoredAsync(CancellationToken.None);
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
            var scope = accepted.Context!.ScopeOf(Operation);
            var reason = $"nothing was committed within {options.Value.StoreTimeout}, Netra:Publish:StoreTimeout";
            return Rejected(SendFailureException.LogFailed(scope, reason, accepted.Receipt.Seq)).Rejection;
        }
    }

    private PublishOutcome Rejected(PipelineException exception)
    {
        failures.Report(exception);
        return PublishOutcome.Rejected(PublishRejection.From(exception));
    }
}

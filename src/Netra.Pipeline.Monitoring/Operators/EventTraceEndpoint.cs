using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Netra.Pipeline.Access;
using Netra.Pipeline.Events;
using Netra.Pipeline.Http;
using Netra.Pipeline.Protocol;
using Netra.Pipeline.Publishing;
using Netra.Pipeline.Storage;
using Netra.Pipeline.Streams;
using Netra.Pipeline.Tenants;

namespace Netra.Pipeline.Monitoring.Operators;

/// <summary><c>GET /v1/events/{id}/trace</c> (docs/protocol.md, section 9.4): the steps of one event.</summary>
internal sealed class EventTraceEndpoint(IEventLog log, StreamRegistry streams)
{
    public static void Map(IEndpointRouteBuilder endpoints)
        => new OperatorRoutes<EventTraceEndpoint>(
            endpoints).Get("/v1/events/{id}/trace", "TraceEvent", static (self, context) => self.ReadAsync(context), AccessRights.Read);

    private async Task<IResult> ReadAsync(HttpContext context)
    {
        var cancellationToken = context.RequestAborted;
        var id = RouteSegment.Of(context, "id");
        if (!EventDraft.TryParseId(id, out var streamId, out var seq)
            || await log.FindUserAsync(streamId, cancellationToken) is not { } user
            || !Caller.Of(context).Covers(user))
        {
            return NotFound();
        }

        EventHistory? history;
        bool isAcknowledged;
        var stream = await streams.PinAsync(user, cancellationToken);
        try
        {
            history = await stream.Storage.ReadHistoryAsync(seq, cancellationToken);
            isAcknowledged = stream.Stages.IsAcknowledged(seq);
        }
        finally
        {
            stream.Pins.Remove();
        }

        // Skipped numbers lie in acknowledged ranges, but no event has them.
        return history is null || (history.Buffer is null && history.Steps.Count == 0)
            ? NotFound()
            : JsonAnswer.Of(EventTrace.Of(id, user, seq, history, StateOf(history, isAcknowledged)), MonitoringJson.Default.EventTrace);
    }

    private static ProblemDocument NotFound() => ProblemDocument.NotFound("No event has that id, or it is too long ago to be known.");

    // Retention deletes the acknowledgements with the events, so only the steps of a deleted event tell its outcome; an acknowledgement
    // that came later confirms nothing.
    private static EventState StateOf(EventHistory history, bool isAcknowledged)
    {
        var expired = history.Steps.FirstOrDefault(static step => step.Stage == HistoryStage.Expired);
        if (expired is not null)
        {
            isAcknowledged = history.Steps.Any(step => step.Stage == HistoryStage.Acknowledged && step.At <= expired.At);
        }

        var isDead = history.Steps.Any(static step => step.Stage == HistoryStage.DeadLettered);
        return isAcknowledged ? EventState.Acknowledged
            : isDead ? EventState.DeadLettered
            : expired is not null ? EventState.Expired
            : EventState.Pending;
    }
}

/// <summary>The steps of one event. The members that are read from the event itself are missing when it is deleted.</summary>
internal sealed record EventTrace(
    string Id,
    string UserId,
    string? TenantId,
    long Seq,
    string? Type,
    string? ThreadId,
    string? RunId,
    string State,
    IReadOnlyList<EventTraceStep> Steps,
    bool Complete)
{
    public static EventTrace Of(string id, string user, long seq, EventHistory history, EventState state)
    {
        EventEnvelope? envelope = history.Buffer is { } buffer ? EventEnvelope.Read(buffer) : null;
        return new EventTrace(
            id,
            UserKey.UserOf(user),
            UserKey.TenantOrNull(user),
            seq,
            envelope is { Type: var type } ? EventTypes.WireName(type) : null,
            envelope?.ThreadId,
            envelope?.RunId,
            AccountNames.Of(state),
            [
                .. history.Steps.Select(
                    static step => new EventTraceStep(AccountNames.Of(step.Stage), JsonAnswer.Seconds(step.At), step.ConnectionId))
            ],
            history.IsComplete);
    }
}

internal sealed record EventTraceStep(string Stage, double At, string? ConnectionId);

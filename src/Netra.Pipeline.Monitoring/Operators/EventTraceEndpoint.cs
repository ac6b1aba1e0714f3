using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Netra.Pipeline.Events;
using Netra.Pipeline.Http;
using Netra.Pipeline.Protocol;
using Netra.Pipeline.Publishing;
using Netra.Pipeline.Storage;
using Netra.Pipeline.Streams;

namespace Netra.Pipeline.Monitoring.Operators;

/// <summary><c>GET /v1/events/{id}/trace</c> (docs/protocol.md, section 9.4): the way of one event.</summary>
internal sealed class EventTraceEndpoint(OperatorRoute route, IEventLog log, StreamRegistry streams)
{
    public static void Map(IEndpointRouteBuilder endpoints)
        => endpoints.MapGet("/v1/events/{id}/trace", static context => context.RequestServices.GetRequiredService<EventTraceEndpoint>().HandleAsync(context));

    private Task HandleAsync(HttpContext context) => route.HandleAsync(context, "TraceEvent", AnswerAsync);

    private async Task AnswerAsync(HttpContext context)
    {
        var cancellationToken = context.RequestAborted;
        var id = RouteSegment.Of(context, "id");
        if (!EventDraft.TryParseId(id, out var streamId, out var seq) || await log.FindUserAsync(streamId, cancellationToken) is not { } user)
        {
            await NotFoundAsync(context);
            return;
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
        if (history is null || (history.Buffer is null && history.Steps.Count == 0))
        {
            await NotFoundAsync(context);
            return;
        }

        await JsonAnswer.WriteAsync(context, json => Write(json, id, user, seq, history, StateOf(history, isAcknowledged)));
    }

    private static Task NotFoundAsync(HttpContext context) => JsonAnswer.NotFoundAsync(context, "No event has that id, or it is too long ago to be known.");

    // Retention takes the acknowledgements with the events, so of a deleted one only its steps tell; an acknowledgement that came after confirms nothing.
    private static EventState StateOf(EventHistory history, bool isAcknowledged)
    {
        var expired = history.Steps.FirstOrDefault(static step => step.Stage == HistoryStage.Expired);
        if (expired is not null)
        {
            isAcknowledged = history.Steps.Any(step => step.Stage == HistoryStage.Acknowledged && step.At <= expired.At);
        }

        var isDead = history.Steps.Any(static step => step.Stage == HistoryStage.DeadLettered);
        return isAcknowledged ? EventState.Acknowledged : isDead ? EventState.DeadLettered : expired is not null ? EventState.Expired : EventState.Pending;
    }

    private static void Write(Utf8JsonWriter json, string id, string user, long seq, EventHistory history, EventState state)
    {
        json.WriteString("id"u8, id);
        json.WriteString("user_id"u8, user);
        json.WriteNumber("seq"u8, seq);
        if (history.Buffer is { } buffer)
        {
            var envelope = EventEnvelope.Read(buffer);
            json.WriteString("type"u8, EventTypes.Utf8Name(envelope.Type));
            json.WriteString("thread_id"u8, envelope.ThreadId);
            json.WriteString("run_id"u8, envelope.RunId);
        }

        json.WriteString("state"u8, AccountNames.Of(state));
        json.WriteStartArray("steps"u8);
        foreach (var step in history.Steps)
        {
            json.WriteStartObject();
            json.WriteString("stage"u8, AccountNames.Of(step.Stage));
            json.WriteNumber("at"u8, JsonAnswer.Seconds(step.At));
            if (step.ConnectionId is { } connection)
            {
                json.WriteString("connection_id"u8, connection);
            }

            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteBoolean("complete"u8, history.IsComplete);
    }
}

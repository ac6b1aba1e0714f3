using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Netra.Pipeline.Http;
using Netra.Pipeline.Protocol;
using Netra.Pipeline.Publishing;
using Netra.Pipeline.Storage;
using Netra.Pipeline.Streams;

namespace Netra.Pipeline.Monitoring.Operators;

/// <summary><c>GET /v1/users/{user_id}/undelivered</c> (docs/protocol.md, section 9.4): what nobody has acknowledged.</summary>
internal sealed class UndeliveredEndpoint(OperatorRoute route, IEventLog log, StreamRegistry streams)
{
    // Events are read with their data, and only a few of the largest ones may be in memory at once.
    private const int BatchEvents = 50;

    public static void Map(IEndpointRouteBuilder endpoints)
        => endpoints.MapGet("/v1/users/{user_id}/undelivered", static context => context.RequestServices.GetRequiredService<UndeliveredEndpoint>().HandleAsync(context));

    private Task HandleAsync(HttpContext context) => route.HandleAsync(context, "ReadUndelivered", AnswerAsync);

    private async Task AnswerAsync(HttpContext context)
    {
        var cancellationToken = context.RequestAborted;
        var query = new QueryReader(context.Request.Query);
        var (after, limit) = (query.After(), query.Limit());
        if (query.Problem is { } problem)
        {
            await JsonAnswer.BadRequestAsync(context, problem);
            return;
        }

        var user = RouteUser.Of(context);
        if (!await log.KnowsUserAsync(user, cancellationToken))
        {
            await JsonAnswer.NotFoundAsync(context, "That user has no stream.");
            return;
        }

        StreamSnapshot snapshot;
        List<(long Seq, EventEnvelope Event)> events;
        var stream = await streams.PinAsync(user, cancellationToken);
        try
        {
            snapshot = stream.Snapshot();
            events = await ReadAsync(stream, after, limit + 1, cancellationToken);
        }
        finally
        {
            stream.Pins.Remove();
        }

        await JsonAnswer.WriteAsync(context, json => Write(json, user, snapshot, events, limit));
    }

    private static async Task<List<(long Seq, EventEnvelope Event)>> ReadAsync(UserStream stream, long after, int limit, CancellationToken cancellationToken)
    {
        var events = new List<(long Seq, EventEnvelope Event)>();
        IReadOnlyList<StoredEvent> batch;
        do
        {
            batch = await stream.Storage.ReadUnacknowledgedAsync(after, Math.Min(BatchEvents, limit - events.Count), cancellationToken);
            foreach (var stored in batch)
            {
                // Copied out of the event, which can go then.
                var envelope = EventEnvelope.Read(stored.Buffer);
                events.Add((stored.Seq, envelope with { Timestamp = envelope.Timestamp.ToArray(), Data = default }));
                after = stored.Seq;
            }
        }
        while (batch.Count > 0 && events.Count < limit);
        return events;
    }

    // One event more than the page holds was asked for, to know whether there is another page.
    private static void Write(Utf8JsonWriter json, string user, in StreamSnapshot snapshot, List<(long Seq, EventEnvelope Event)> events, int limit)
    {
        json.WriteString("user_id"u8, user);
        json.WriteNumber("head"u8, snapshot.Head);
        json.WriteNumber("acknowledged_through"u8, snapshot.ContiguouslyAcknowledged);
        json.WriteNumber("pending"u8, snapshot.Account.Pending);
        json.WriteStartArray("events"u8);
        foreach (var (seq, envelope) in events.Take(limit))
        {
            json.WriteStartObject();
            json.WriteString("id"u8, envelope.Id);
            json.WriteNumber("seq"u8, seq);
            json.WriteString("type"u8, EventTypes.Utf8Name(envelope.Type));
            json.WriteString("thread_id"u8, envelope.ThreadId);
            json.WriteString("run_id"u8, envelope.RunId);
            json.WritePropertyName("timestamp"u8);
            json.WriteRawValue(envelope.Timestamp.Span);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        if (events.Count > limit)
        {
            json.WriteNumber("next"u8, events[limit - 1].Seq);
        }
    }
}

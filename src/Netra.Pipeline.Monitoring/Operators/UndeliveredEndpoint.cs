using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Netra.Pipeline.Access;
using Netra.Pipeline.Http;
using Netra.Pipeline.Protocol;
using Netra.Pipeline.Publishing;
using Netra.Pipeline.Storage;
using Netra.Pipeline.Streams;
using Netra.Pipeline.Tenants;

namespace Netra.Pipeline.Monitoring.Operators;

/// <summary><c>GET /v1/users/{user_id}/undelivered</c> (docs/protocol.md, section 9.4): a user's unacknowledged events.</summary>
internal sealed class UndeliveredEndpoint(IEventLog log, StreamRegistry streams)
{
    // Events are read with their data, and only a few of the largest ones may be in memory at once.
    private const int BatchEvents = 50;

    public static void Map(IEndpointRouteBuilder endpoints) => new OperatorRoutes<UndeliveredEndpoint>(endpoints)
        .Get("/v1/users/{user_id}/undelivered", "ReadUndelivered", static (self, context) => self.ListAsync(context), AccessRights.Read);

    private async Task<IResult> ListAsync(HttpContext context)
    {
        var cancellationToken = context.RequestAborted;
        var query = new QueryReader(context.Request.Query);
        var (user, after, limit) = (NamedUser.InRoute(context, query), query.After(), query.Limit());
        if (query.Problem is { } problem)
        {
            return ProblemDocument.BadRequest(problem);
        }

        if (AccessGuard.RefuseUser(context, user) is { } forbidden)
        {
            return forbidden;
        }

        if (!await log.KnowsUserAsync(user, cancellationToken))
        {
            return ProblemDocument.NotFound("That user has no stream.");
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

        // One event more than the page holds was asked for, to know whether there is another page.
        var document = new UndeliveredPage(
            UserKey.UserOf(user),
            UserKey.TenantOrNull(user),
            snapshot.Head,
            snapshot.ContiguouslyAcknowledged,
            snapshot.Account.Pending,
            [.. events.Take(limit).Select(static item => UndeliveredEvent.Of(item.Seq, item.Event))],
            events.Count > limit ? events[limit - 1].Seq : null);
        return JsonAnswer.Of(document, MonitoringJson.Default.UndeliveredPage);
    }

    private static async Task<List<(long Seq, EventEnvelope Event)>> ReadAsync(
        UserStream stream, long after, int limit, CancellationToken cancellationToken)
    {
        var events = new List<(long Seq, EventEnvelope Event)>();
        IReadOnlyList<StoredEvent> batch;
        do
        {
            batch = await stream.Storage.ReadUnacknowledgedAsync(after, Math.Min(BatchEvents, limit - events.Count), cancellationToken);
            foreach (var stored in batch)
            {
                // Copied out of the event, whose memory can then be freed.
                var envelope = EventEnvelope.Read(stored.Buffer);
                events.Add((stored.Seq, envelope with { Timestamp = envelope.Timestamp.ToArray(), Data = default }));
                after = stored.Seq;
            }
        }
        while (batch.Count > 0 && events.Count < limit);
        return events;
    }
}

/// <summary>A user's unacknowledged events, and after which number the next page begins.</summary>
internal sealed record UndeliveredPage(
    string UserId,
    string? TenantId,
    long Head,
    long AcknowledgedThrough,
    long Pending,
    IReadOnlyList<UndeliveredEvent> Events,
    long? Next);

internal sealed record UndeliveredEvent(string Id, long Seq, string Type, string ThreadId, string RunId, JsonElement Timestamp)
{
    public static UndeliveredEvent Of(long seq, in EventEnvelope envelope) => new(
        envelope.Id,
        seq,
        EventTypes.WireName(envelope.Type),
        envelope.ThreadId,
        envelope.RunId,
        JsonElement.Parse(envelope.Timestamp.Span));
}

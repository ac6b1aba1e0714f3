using System.Text.Json;
using Netra.Pipeline.Monitoring.Metrics;
using Netra.Pipeline.Protocol;
using Netra.Pipeline.Streams;

namespace Netra.Pipeline.Monitoring.Operators;

/// <summary>
/// Writes the metrics of one user: what is counted per user since its metrics began, and the accounts of its stream where it is loaded.
/// </summary>
internal sealed class UserMetricsJson(StreamRegistry streams)
{
    public void Write(Utf8JsonWriter json, UserMetrics user)
    {
        json.WriteString("user_id"u8, user.UserId);
        json.WriteNumber("attempted"u8, user.Accepted + user.Refused);
        json.WriteNumber("accepted"u8, user.Accepted);
        json.WriteNumber("refused"u8, user.Refused);
        json.WriteNumber("delivered"u8, user.Written);
        if (streams.TryGetLoaded(user.UserId, out var stream))
        {
            WriteAccount(json, stream.Snapshot());
        }

        json.WriteNumber("failed"u8, user.Failures);
        json.WriteStartObject("by_type"u8);
        foreach (var type in Enum.GetValues<EventType>().Where(type => user.AcceptedOf(type) + user.RefusedOf(type) > 0))
        {
            json.WriteStartObject(EventTypes.WireName(type));
            json.WriteNumber("accepted"u8, user.AcceptedOf(type));
            json.WriteNumber("refused"u8, user.RefusedOf(type));
            json.WriteEndObject();
        }

        json.WriteEndObject();
        LatencyJson.Write(json, "delivery_latency", user.DeliveryLatency);
        LatencyJson.Write(json, "ack_latency", user.AcknowledgementLatency);
        json.WriteNumber("connected_total"u8, user.Connections);
        json.WriteNumber("dropped_total"u8, user.Drops);
        json.WriteNumber("reconnects"u8, user.Reconnects);
        json.WriteNumber("reconnect_average_s"u8, user.MeanReconnect.TotalSeconds);
        json.WriteNumber("runs_ended"u8, user.TerminalsDue);
        json.WriteNumber("runs_ended_acknowledged"u8, user.TerminalsAcknowledged);
    }

    private static void WriteAccount(Utf8JsonWriter json, in StreamSnapshot snapshot)
    {
        var (account, offline) = (snapshot.Account, snapshot.IsOnline ? 0 : snapshot.Account.Pending);
        json.WriteNumber("acknowledged"u8, account.Acknowledged);
        json.WriteNumber("pending"u8, account.Pending);
        json.WriteNumber("pending_offline"u8, offline);
        json.WriteNumber("expired"u8, account.Expired);
        json.WriteNumber("dead_lettered"u8, account.DeadLettered);
        var due = account.Accepted - account.Expired - offline;
        json.WriteNumber("success_rate"u8, due <= 0 ? 1 : Math.Min(1, (double)account.Acknowledged / due));
        json.WriteNumber("connections"u8, snapshot.Connections);
        json.WriteNumber("lagging"u8, snapshot.Lagging);
        json.WriteBoolean("online"u8, snapshot.IsOnline);
    }
}

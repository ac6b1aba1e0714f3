using System.Text.Json;

namespace Netra.Pipeline.Protocol;

/// <summary>Writes messages from the server: each a new array with one JSON object in UTF-8, ready to be sent as a text frame.</summary>
public static class ServerMessageWriter
{
    /// <summary>Writes <c>welcome</c>.</summary>
    public static byte[] Welcome(WelcomeMessage message) => JsonMessage.Write(message, static (json, message) =>
    {
        json.WriteString("type"u8, "welcome"u8);
        json.WriteString("connection_id"u8, message.ConnectionId);
        json.WriteString("user_id"u8, message.UserId);
        if (message.TenantId is not null)
        {
            json.WriteString("tenant_id"u8, message.TenantId);
        }

        json.WriteString("epoch"u8, message.Epoch);
        json.WriteNumber("seq"u8, message.Seq);
        json.WriteNumber("from"u8, message.From);
        json.WriteBoolean("resumed"u8, message.Resumed);
        json.WriteNumber("ping_interval_ms"u8, message.PingIntervalMs);
        json.WriteNumber("ping_timeout_ms"u8, message.PingTimeoutMs);
        json.WriteNumber("ack_interval_ms"u8, message.AckIntervalMs);
        json.WriteNumber("ack_every"u8, message.AckEvery);
        WriteExpiry(json, message.ExpiresInMs);
        if (message.PostKey is not null)
        {
            json.WriteString("post_key"u8, message.PostKey);
        }
    });

    /// <summary>Writes <c>gap</c>.</summary>
    public static byte[] Gap(GapMessage message) => JsonMessage.Write(message, static (json, message) =>
    {
        json.WriteString("type"u8, "gap"u8);
        json.WriteNumber("from"u8, message.From);
        json.WriteNumber("to"u8, message.To);
        json.WriteString("cause"u8, GapCauses.WireName(message.Cause));
        json.WriteBoolean("replay"u8, message.Replay);
        json.WriteBoolean("certain"u8, message.Certain);
    });

    /// <summary>Writes <c>error</c>. Members that are <see langword="null"/>, and numbers when there are none, are left out.</summary>
    public static byte[] Error(ErrorMessage message) => JsonMessage.Write(message, static (json, message) =>
    {
        json.WriteString("type"u8, "error"u8);
        json.WriteString("code"u8, message.Code);
        json.WriteString("message"u8, message.Message);
        json.WriteString("severity"u8, message.Severity);
        json.WriteNumber("timestamp"u8, message.Timestamp);
        if (message.ThreadId is not null)
        {
            json.WriteString("thread_id"u8, message.ThreadId);
        }

        if (message.RunId is not null)
        {
            json.WriteString("run_id"u8, message.RunId);
        }

        if (message.Id is not null)
        {
            json.WriteString("id"u8, message.Id);
        }

        if (message.EventType is not null)
        {
            json.WriteString("event_type"u8, message.EventType);
        }

        if (message.ToolName is not null)
        {
            json.WriteString("tool_name"u8, message.ToolName);
        }

        if (message.CallId is not null)
        {
            json.WriteString("call_id"u8, message.CallId);
        }

        if (message.Numbers is { Count: > 0 } numbers)
        {
            json.WriteStartObject("data"u8);
            foreach (var (name, value) in numbers)
            {
                json.WriteNumber(name, value);
            }

            json.WriteEndObject();
        }
    });

    /// <summary>Writes <c>ping</c>.</summary>
    /// <param name="ts">What <c>pong</c> repeats, from 0 to <see cref="ProtocolConstants.MaxSeq"/>, so that every client can.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="ts"/> is outside its range.</exception>
    public static byte[] Ping(long ts)
    {
        Seqs.Require(ts, min: 0);
        return JsonMessage.Write(ts, static (json, ts) =>
        {
            json.WriteString("type"u8, "ping"u8);
            json.WriteNumber("ts"u8, ts);
        });
    }

    /// <summary>Writes <c>accepted</c>.</summary>
    /// <param name="id">The client message.</param>
    /// <param name="runId">The run it started, or is about, or <see langword="null"/>.</param>
    /// <param name="taken">Whether the backend has it already.</param>
    public static byte[] Accepted(string id, string? runId = null, bool taken = false)
        => JsonMessage.Write((id, runId, taken), static (json, message) =>
        {
            json.WriteString("type"u8, "accepted"u8);
            json.WriteString("id"u8, message.id);
            if (message.runId is not null)
            {
                json.WriteString("run_id"u8, message.runId);
            }

            if (message.taken)
            {
                json.WriteBoolean("taken"u8, value: true);
            }
        });

    /// <summary>Writes <c>command_taken</c>.</summary>
    public static byte[] CommandTaken(CommandTakenMessage message) => JsonMessage.Write(message, static (json, message) =>
    {
        json.WriteString("type"u8, "command_taken"u8);
        json.WriteString("id"u8, message.Id);
        json.WriteString("command"u8, message.Command);
        json.WriteString("command_id"u8, message.CommandId);
        json.WriteString("thread_id"u8, message.ThreadId);
        if (message.RunId is not null)
        {
            json.WriteString("run_id"u8, message.RunId);
        }
    });

    /// <summary>Writes <c>reconnect</c>.</summary>
    /// <param name="afterMs">How long the client should stay, in milliseconds, from 0 to <see cref="ProtocolConstants.MaxSeq"/>.</param>
    /// <param name="reason">Why.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="afterMs"/> is outside its range.</exception>
    public static byte[] Reconnect(long afterMs, string reason)
    {
        Seqs.Require(afterMs, min: 0);
        return JsonMessage.Write((afterMs, reason), static (json, message) =>
        {
            json.WriteString("type"u8, "reconnect"u8);
            json.WriteNumber("after_ms"u8, message.afterMs);
            json.WriteString("reason"u8, message.reason);
        });
    }

    /// <summary>Writes <c>stay</c>.</summary>
    /// <param name="reason">Why.</param>
    public static byte[] Stay(string reason) => JsonMessage.Write(reason, static (json, reason) =>
    {
        json.WriteString("type"u8, "stay"u8);
        json.WriteString("reason"u8, reason);
    });

    /// <summary>Writes <c>expiring</c>.</summary>
    public static byte[] Expiring(ExpiringMessage message) => JsonMessage.Write(message, static (json, message) =>
    {
        json.WriteString("type"u8, "expiring"u8);
        WriteExpiry(json, message.ExpiresInMs);
    });

    /// <summary>Writes <c>authenticated</c>.</summary>
    public static byte[] Authenticated(AuthenticatedMessage message) => JsonMessage.Write(message, static (json, message) =>
    {
        json.WriteString("type"u8, "authenticated"u8);
        WriteExpiry(json, message.ExpiresInMs);
        if (message.Id is not null)
        {
            json.WriteString("id"u8, message.Id);
        }
    });

    /// <summary>Writes an event. For fakes and proxies: the server itself encodes a payload once, before the number is known.</summary>
    public static byte[] Event(EventMessage message) => JsonMessage.Write(message, static (json, message) =>
    {
        json.WriteString("type"u8, message.Type);
        if (message.FromSeq is { } from)
        {
            json.WriteNumber("from_seq"u8, from);
        }

        json.WriteNumber("seq"u8, message.Seq);
        json.WriteString("id"u8, message.Id);
        json.WriteString("thread_id"u8, message.ThreadId);
        json.WriteString("run_id"u8, message.RunId);
        json.WriteNumber("timestamp"u8, message.Timestamp);
        json.WritePropertyName("data"u8);
        message.Data.WriteTo(json);
        if (message.Attempt > 1)
        {
            json.WriteNumber("attempt"u8, message.Attempt);
        }

        if (message.TraceParent is not null)
        {
            json.WriteString("traceparent"u8, message.TraceParent);
        }

        if (message.Run is { } run)
        {
            json.WriteStartObject("run"u8);
            json.WriteNumber("events"u8, run.Events);
            json.WriteNumber("first_seq"u8, run.FirstSeq);
            json.WriteNumber("last_seq"u8, run.LastSeq);
            json.WriteEndObject();
        }

        if (message.ReplayOf is not null)
        {
            json.WriteString("replay_of"u8, message.ReplayOf);
        }

        if (message.Redelivery is { } redelivery)
        {
            json.WriteNumber("redelivery"u8, redelivery);
        }
    });

    private static void WriteExpiry(Utf8JsonWriter json, long? expiresInMs)
    {
        if (expiresInMs is { } ms)
        {
            json.WriteNumber("expires_in_ms"u8, ms);
        }
    }
}

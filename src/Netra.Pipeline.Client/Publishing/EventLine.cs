using System.Buffers;
using System.Diagnostics;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Netra.Pipeline.Client.Publishing;

/// <summary>Writes the lines of a request of many events.</summary>
internal static class EventLine
{
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>An event, with the trace that it is published in.</summary>
    public static byte[] Of(PublishEvent line, string? key) => Write(json =>
    {
        if (line.TenantId is { } tenant)
        {
            json.WriteString("tenant_id"u8, tenant);
        }

        json.WriteString("user_id"u8, line.UserId);
        json.WriteString("thread_id"u8, line.ThreadId);
        if (line.RunId is not null)
        {
            json.WriteString("run_id"u8, line.RunId);
        }

        if (line.Attempt is { } attempt)
        {
            json.WriteNumber("attempt"u8, attempt);
        }

        json.WriteString("type"u8, line.Type);
        if (line.Data is not null)
        {
            json.WritePropertyName("data"u8);
            line.Data.WriteTo(json);
        }

        if (key is not null)
        {
            json.WriteString("idempotency_key"u8, key);
        }

        if (Activity.Current is { IdFormat: ActivityIdFormat.W3C, Id: { } trace } activity)
        {
            json.WriteString("traceparent"u8, trace);
            if (activity.TraceStateString is { Length: > 0 } state)
            {
                json.WriteString("tracestate"u8, state);
            }
        }
    });

    /// <summary>The acknowledgement of a command.</summary>
    public static byte[] Acknowledge(string commandId) => Write(json => json.WriteString("command_ack"u8, commandId));

    private static byte[] Write(Action<Utf8JsonWriter> members)
    {
        var buffer = new ArrayBufferWriter<byte>(256);
        using (var json = new Utf8JsonWriter(buffer, Options))
        {
            json.WriteStartObject();
            members(json);
            json.WriteEndObject();
        }

        buffer.Write("\n"u8);
        return buffer.WrittenSpan.ToArray();
    }
}

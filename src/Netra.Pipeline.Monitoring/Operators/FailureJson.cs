using System.Text.Json;
using Netra.Pipeline.Failures;
using Netra.Pipeline.Http;

namespace Netra.Pipeline.Monitoring.Operators;

/// <summary>Writes a failure of the feed.</summary>
internal static class FailureJson
{
    public static void Write(Utf8JsonWriter json, Failure failure)
    {
        json.WriteStartObject();
        json.WriteNumber("at"u8, JsonAnswer.Seconds(failure.Time));
        json.WriteString("code"u8, FailureCodes.WireName(failure.Code));
        json.WriteString("operation"u8, failure.Operation);
        json.WriteString("message"u8, failure.Message);
        json.WriteNumber("count"u8, failure.Count);
        json.WriteString("user_id"u8, failure.UserId);
        json.WriteString("thread_id"u8, failure.ThreadId);
        json.WriteString("run_id"u8, failure.RunId);
        json.WriteString("connection_id"u8, failure.ConnectionId);
        WriteKnown(json, "event_type"u8, failure.EventType);
        WriteKnown(json, "tool_name"u8, failure.ToolName);
        WriteKnown(json, "call_id"u8, failure.CallId);
        json.WriteEndObject();
    }

    private static void WriteKnown(Utf8JsonWriter json, ReadOnlySpan<byte> name, string? value)
    {
        if (value is not null)
        {
            json.WriteString(name, value);
        }
    }
}

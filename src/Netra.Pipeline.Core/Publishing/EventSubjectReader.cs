using System.Text.Json;
using Netra.Pipeline.Events;
using Netra.Pipeline.Protocol;

namespace Netra.Pipeline.Publishing;

/// <summary>Reads from the data of a lifecycle event what the flow of its run depends on. The data has been checked.</summary>
internal static class EventSubjectReader
{
    public static EventSubject Read(EventType type, ReadOnlySpan<byte> data)
    {
        if (type is EventType.Token or EventType.Custom or EventType.AgentThinking)
        {
            return default;
        }

        string? name = null, callId = null;
        var lease = TimeSpan.Zero;
        var json = new Utf8JsonReader(data, new JsonReaderOptions { MaxDepth = ProtocolConstants.MaxDepth });
        json.Read();
        while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
        {
            var isName = json.ValueTextEquals("agent_name"u8) || json.ValueTextEquals("tool_name"u8);
            var isCallId = json.ValueTextEquals("call_id"u8);
            var isLease = json.ValueTextEquals("lease_ms"u8);
            json.Read();
            if (isName)
            {
                name = json.GetString();
            }
            else if (isCallId)
            {
                callId = json.TokenType == JsonTokenType.String ? json.GetString() : null;
            }
            else if (isLease && type == EventType.AgentStarted && json.TokenType == JsonTokenType.Number)
            {
                lease = TimeSpan.FromMilliseconds(json.GetDouble());
            }
            else
            {
                json.Skip();
            }
        }

        return new EventSubject(name, callId, lease);
    }
}

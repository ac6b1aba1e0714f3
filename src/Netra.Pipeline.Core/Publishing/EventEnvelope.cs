using System.Text.Json;
using Netra.Pipeline.Events;
using Netra.Pipeline.Protocol;

namespace Netra.Pipeline.Publishing;

/// <summary>What a stored event says of itself. Texts and data are as clients got them.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Type">Its type.</param>
/// <param name="ThreadId">Its thread.</param>
/// <param name="RunId">Its run.</param>
/// <param name="Timestamp">When it was accepted, in Unix seconds, as it was written.</param>
/// <param name="Data">The object under <c>data</c>, a slice of the event.</param>
internal readonly record struct EventEnvelope(
    string Id, EventType Type, string ThreadId, string RunId, ReadOnlyMemory<byte> Timestamp, ReadOnlyMemory<byte> Data)
{
    /// <summary>The attempt of its run.</summary>
    public int Attempt { get; private init; } = 1;

    /// <summary>The event as clients got it, without the tag before it.</summary>
    /// <param name="buffer">The owner tag and the encoded event.</param>
    public static ReadOnlyMemory<byte> JsonOf(byte[] buffer) => buffer.AsMemory(OwnerTag.Length);

    /// <summary>Reads a stored event.</summary>
    /// <param name="buffer">The owner tag and the encoded event.</param>
    /// <exception cref="JsonException">It is not what an emitter writes.</exception>
    public static EventEnvelope Read(byte[] buffer)
    {
        try
        {
            return Read(JsonOf(buffer));
        }
        catch (Exception exception) when (exception is InvalidOperationException or FormatException)
        {
            // A member of another kind, a number that does not fit, text that is not Unicode.
            throw new JsonException("A stored event has a member that is not as every event has it.", exception);
        }
    }

    private static EventEnvelope Read(ReadOnlyMemory<byte> utf8)
    {
        var json = new Utf8JsonReader(utf8.Span, new JsonReaderOptions { MaxDepth = ProtocolConstants.MaxDepth });
        json.Read();
        string? id = null, thread = null, run = null;
        EventType? type = null;
        var attempt = 1;
        ReadOnlyMemory<byte> timestamp = default, data = default;
        while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
        {
            if (json.ValueTextEquals("id"u8))
            {
                id = Text(ref json);
            }
            else if (json.ValueTextEquals("type"u8))
            {
                type = EventTypes.TryParse(Text(ref json), out var known) ? known : null;
            }
            else if (json.ValueTextEquals("thread_id"u8))
            {
                thread = Text(ref json);
            }
            else if (json.ValueTextEquals("run_id"u8))
            {
                run = Text(ref json);
            }
            else if (json.ValueTextEquals("attempt"u8))
            {
                json.Read();
                attempt = json.GetInt32();
            }
            else if (json.ValueTextEquals("timestamp"u8))
            {
                timestamp = Value(ref json, utf8);
            }
            else if (json.ValueTextEquals("data"u8))
            {
                data = Value(ref json, utf8);
            }
            else
            {
                json.Read();
                json.Skip();
            }
        }

        return id is not null && type is { } read && thread is not null && run is not null && !timestamp.IsEmpty && !data.IsEmpty
            ? new EventEnvelope(id, read, thread, run, timestamp, data) { Attempt = attempt }
            : throw new JsonException("A stored event lacks a member that every event has.");
    }

    private static string? Text(ref Utf8JsonReader json)
    {
        json.Read();
        return json.GetString();
    }

    private static ReadOnlyMemory<byte> Value(ref Utf8JsonReader json, ReadOnlyMemory<byte> utf8)
    {
        json.Read();
        var start = (int)json.TokenStartIndex;
        json.Skip();
        return utf8[start..(int)json.BytesConsumed];
    }
}

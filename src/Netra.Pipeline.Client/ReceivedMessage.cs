using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using Netra.Pipeline.Protocol;

namespace Netra.Pipeline.Client;

/// <summary>Reads what the server sends, and saves what can be read of what it should not have sent.</summary>
internal static class ReceivedMessage
{
    /// <summary>Reads a message.</summary>
    /// <param name="utf8">The message.</param>
    /// <param name="message">
    /// The message. Of one that is not as it should be, an event with its number, where that can be read: asking again would bring the
    /// same, so that it counts; else null.
    /// </param>
    /// <param name="problem">What is wrong with it.</param>
    /// <returns>Whether it is as it should be.</returns>
    public static bool TryRead(ReadOnlySpan<byte> utf8, out ServerMessage? message, [NotNullWhen(false)] out string? problem)
    {
        try
        {
            message = ServerMessageReader.Read(utf8);
            problem = null;
            return true;
        }
        catch (ProtocolViolationException exception)
        {
            problem = exception.Message;
            message = Save(utf8);
            return false;
        }
    }

    private static EventMessage? Save(ReadOnlySpan<byte> utf8)
    {
        try
        {
            var json = JsonElement.Parse(utf8);
            if (json.ValueKind != JsonValueKind.Object
                || TextOf(json, "type") is not { } type || type == "welcome"
                || NumberOf(json, "seq") is not { } seq)
            {
                return null;
            }

            return new EventMessage(
                type,
                EventTypes.TryParse(type, out var known) ? known : null,
                seq,
                TextOf(json, "id") ?? string.Empty,
                TextOf(json, "thread_id") ?? string.Empty,
                TextOf(json, "run_id") ?? string.Empty,
                Timestamp: 0,
                json.TryGetProperty("data", out var data) && data.ValueKind == JsonValueKind.Object ? data : json)
            {
                FromSeq = NumberOf(json, "from_seq") is { } from && from < seq ? from : null,
            };
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            // Nothing of it can be read, which the caller tells.
            return null;
        }
    }

    private static string? TextOf(JsonElement json, string name)
        => json.TryGetProperty(name, out var member) && member.ValueKind == JsonValueKind.String ? member.GetString() : null;

    private static long? NumberOf(JsonElement json, string name)
        => json.TryGetProperty(name, out var member) && member.ValueKind == JsonValueKind.Number && member.TryGetInt64(out var number)
            && number is >= 1 and <= ProtocolConstants.MaxSeq ? number : null;
}

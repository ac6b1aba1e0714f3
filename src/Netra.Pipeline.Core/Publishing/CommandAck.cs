using System.Text.Json;

namespace Netra.Pipeline.Publishing;

/// <summary>The acknowledgement of a command, as a publisher writes it and as it is answered.</summary>
internal static class CommandAck
{
    /// <summary>The member that names the command.</summary>
    public static ReadOnlySpan<byte> Member => "command_ack"u8;

    /// <summary>The command of an acknowledgement; null when it is none.</summary>
    /// <param name="utf8">One JSON object.</param>
    public static string? TryRead(ReadOnlySpan<byte> utf8)
    {
        var json = new Utf8JsonReader(utf8);
        string? commandId = null;
        try
        {
            if (!json.Read() || json.TokenType != JsonTokenType.StartObject)
            {
                return null;
            }

            while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
            {
                if (!json.ValueTextEquals(Member))
                {
                    json.Read();
                    json.Skip();
                    continue;
                }

                if (!json.Read() || json.TokenType != JsonTokenType.String || commandId is not null)
                {
                    return null;
                }

                commandId = json.GetString();
            }

            // Anything but white space after the object makes the reader throw.
            json.Read();
            return string.IsNullOrEmpty(commandId) ? null : commandId;
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            // No JSON, or not Unicode: the caller says what is expected.
            return null;
        }
    }

    /// <summary>Writes that a command is acknowledged.</summary>
    public static void Write(Utf8JsonWriter json, string commandId)
    {
        json.WriteStartObject();
        json.WriteString("status"u8, "acknowledged"u8);
        json.WriteString("command_id"u8, commandId);
        json.WriteEndObject();
    }
}

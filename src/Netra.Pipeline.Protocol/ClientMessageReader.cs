using System.Text.Json;

namespace Netra.Pipeline.Protocol;

/// <summary>
/// Reads messages from clients. Pure: the result depends on the bytes alone and shares nothing with them. Members that a message's type
/// does not have are ignored; optional members may be null.
/// </summary>
public static class ClientMessageReader
{
    private static ReadOnlySpan<byte> CompactAck => "{\"type\":\"ack\",\"seq\":"u8;

    /// <summary>Reads one message.</summary>
    /// <param name="utf8">The message: one JSON object in UTF-8.</param>
    /// <returns>The message; <see cref="UnknownClientMessage"/> for a type that is not known.</returns>
    /// <exception cref="ProtocolViolationException">
    /// It is not one JSON object, is nested deeper than <see cref="ProtocolConstants.MaxDepth"/>, has text that is not Unicode, or a member
    /// of its type is missing, doubled, of the wrong type or out of range.
    /// </exception>
    public static ClientMessage Read(ReadOnlySpan<byte> utf8)
    {
        if (TryReadAck(utf8, out var seq))
        {
            return new AckMessage(seq);
        }

        try
        {
            var reader = new MessageReader(utf8);
            var type = reader.FindType();
            return type switch
            {
                _ when type.ValueTextEquals("ack"u8) => Ack(reader),
                _ when type.ValueTextEquals("pong"u8) => Pong(reader),
                _ when type.ValueTextEquals("chat_message"u8) => Chat(reader),
                _ when type.ValueTextEquals("replay"u8) => Replay(reader),
                _ when type.ValueTextEquals("cancel_run"u8) => CancelRun(reader),
                _ when type.ValueTextEquals("answer"u8) => Answer(reader),
                _ when type.ValueTextEquals("authenticate"u8) => Authenticate(reader),
                _ => Unknown(reader, MessageReader.Text(type, "type")),
            };
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw Malformed(e);
        }
    }

    /// <summary>Reads an <c>ack</c> that needs no <c>type</c>, since where it was sent says what it is: <c>{"seq":58}</c>.</summary>
    /// <param name="utf8">The message: one JSON object in UTF-8.</param>
    /// <exception cref="ProtocolViolationException">As for <see cref="Read"/>.</exception>
    public static AckMessage ReadAck(ReadOnlySpan<byte> utf8)
    {
        try
        {
            return Ack(new MessageReader(utf8));
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw Malformed(e);
        }
    }

    /// <summary>
    /// Reads an <c>ack</c> in the form that clients write, <c>{"type":"ack","seq":58}</c> to the byte, without allocating: the one message
    /// that every client sends all the time. Any other form of it is for <see cref="Read"/>.
    /// </summary>
    /// <param name="utf8">The message.</param>
    /// <param name="seq">The number, when the result is <see langword="true"/>.</param>
    /// <returns>Whether it is a valid <c>ack</c> in that form.</returns>
    public static bool TryReadAck(ReadOnlySpan<byte> utf8, out long seq)
    {
        seq = 0;
        if (!utf8.StartsWith(CompactAck) || utf8[^1] != '}')
        {
            return false;
        }

        // The highest number has 16 digits, so what is within that cannot overflow.
        var digits = utf8[CompactAck.Length..^1];
        if (digits.Length is 0 or > 16 || (digits[0] == '0' && digits.Length > 1))
        {
            return false;
        }

        var value = 0L;
        foreach (var digit in digits)
        {
            if (digit is < (byte)'0' or > (byte)'9')
            {
                return false;
            }

            value = (value * 10) + (digit - '0');
        }

        if (value > ProtocolConstants.MaxSeq)
        {
            return false;
        }

        seq = value;
        return true;
    }

    // Comparing an escaped member name is where the JSON reader notices half a surrogate pair in it.
    private static ProtocolViolationException Malformed(Exception e) => e is JsonException
        ? new ProtocolViolationException("the message is not well-formed JSON: " + e.Message, e)
        : new ProtocolViolationException("the message has a member name that is not Unicode: an unpaired surrogate", e);

    private static AckMessage Ack(MessageReader reader)
    {
        long? seq = null;
        while (reader.Next())
        {
            if (reader.Is("seq"u8))
            {
                seq = reader.Integer("seq", seq, min: 0);
            }
            else
            {
                reader.Skip();
            }
        }

        return new AckMessage(MessageReader.Required(seq, "ack", "seq"));
    }

    private static PongMessage Pong(MessageReader reader)
    {
        long? seq = null;
        long? ts = null;
        while (reader.Next())
        {
            if (reader.Is("seq"u8))
            {
                seq = reader.IsNull ? seq : reader.Integer("seq", seq, min: 0);
            }
            else if (reader.Is("ts"u8))
            {
                ts = reader.IsNull ? ts : reader.Integer("ts", ts, min: 0);
            }
            else
            {
                reader.Skip();
            }
        }

        return new PongMessage(seq, ts);
    }

    private static ReplayMessage Replay(MessageReader reader)
    {
        long? from = null;
        long? to = null;
        while (reader.Next())
        {
            if (reader.Is("from"u8))
            {
                from = reader.Integer("from", from, min: 1);
            }
            else if (reader.Is("to"u8))
            {
                to = reader.Integer("to", to, min: 1);
            }
            else
            {
                reader.Skip();
            }
        }

        var message = new ReplayMessage(MessageReader.Required(from, "replay", "from"), MessageReader.Required(to, "replay", "to"));
        return message.From <= message.To
            ? message
            : throw new ProtocolViolationException($"'to' must not be below 'from': {message.To} is below {message.From}");
    }

    private static ChatMessage Chat(MessageReader reader)
    {
        string? id = null;
        string? threadId = null;
        string? content = null;
        JsonElement? data = null;
        while (reader.Next())
        {
            if (reader.Is("id"u8))
            {
                id = reader.MessageId("id", id);
            }
            else if (reader.Is("thread_id"u8))
            {
                threadId = reader.String("thread_id", threadId);
            }
            else if (reader.Is("content"u8))
            {
                content = reader.String("content", content);
            }
            else if (reader.Is("data"u8))
            {
                data = reader.IsNull ? data : reader.Element("data", data);
            }
            else
            {
                reader.Skip();
            }
        }

        return new ChatMessage(
            MessageReader.Required(id, "chat_message", "id"),
            MessageReader.Required(threadId, "chat_message", "thread_id"),
            MessageReader.Required(content, "chat_message", "content"),
            data);
    }

    private static CancelRunMessage CancelRun(MessageReader reader)
    {
        string? id = null;
        string? threadId = null;
        string? runId = null;
        while (reader.Next())
        {
            if (reader.Is("id"u8))
            {
                id = reader.MessageId("id", id);
            }
            else if (reader.Is("thread_id"u8))
            {
                threadId = reader.String("thread_id", threadId);
            }
            else if (reader.Is("run_id"u8))
            {
                runId = reader.String("run_id", runId);
            }
            else
            {
                reader.Skip();
            }
        }

        return new CancelRunMessage(
            MessageReader.Required(id, "cancel_run", "id"),
            MessageReader.Required(threadId, "cancel_run", "thread_id"),
            MessageReader.Required(runId, "cancel_run", "run_id"));
    }

    private static AnswerMessage Answer(MessageReader reader)
    {
        string? id = null;
        string? threadId = null;
        string? runId = null;
        string? requestId = null;
        JsonElement? value = null;
        while (reader.Next())
        {
            if (reader.Is("id"u8))
            {
                id = reader.MessageId("id", id);
            }
            else if (reader.Is("thread_id"u8))
            {
                threadId = reader.String("thread_id", threadId);
            }
            else if (reader.Is("run_id"u8))
            {
                runId = reader.String("run_id", runId);
            }
            else if (reader.Is("request_id"u8))
            {
                requestId = reader.String("request_id", requestId);
            }
            else if (reader.Is("value"u8))
            {
                value = reader.Element("value", value);
            }
            else
            {
                reader.Skip();
            }
        }

        return new AnswerMessage(
            MessageReader.Required(id, "answer", "id"),
            MessageReader.Required(threadId, "answer", "thread_id"),
            MessageReader.Required(runId, "answer", "run_id"),
            MessageReader.Required(requestId, "answer", "request_id"),
            MessageReader.Required(value, "answer", "value"));
    }

    private static AuthenticateMessage Authenticate(MessageReader reader)
    {
        string? token = null;
        string? id = null;
        while (reader.Next())
        {
            if (reader.Is("token"u8))
            {
                token = reader.String("token", token);
            }
            else if (reader.Is("id"u8))
            {
                id = reader.IsNull ? id : reader.MessageId("id", id);
            }
            else
            {
                reader.Skip();
            }
        }

        return new AuthenticateMessage(MessageReader.Required(token, "authenticate", "token"), id);
    }

    private static UnknownClientMessage Unknown(MessageReader reader, string type)
    {
        while (reader.Next())
        {
            reader.Skip();
        }

        return new UnknownClientMessage(type);
    }
}

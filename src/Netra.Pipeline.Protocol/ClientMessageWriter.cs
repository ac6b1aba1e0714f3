namespace Netra.Pipeline.Protocol;

/// <summary>Writes messages from clients: each a new array with one JSON object in UTF-8, ready to be sent as a text frame.</summary>
public static class ClientMessageWriter
{
    /// <summary>Writes any message.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A number is outside the protocol's range.</exception>
    /// <exception cref="ArgumentException">The message has no form on the wire, as one of an unknown type.</exception>
    /// <exception cref="ProtocolViolationException">Its id does not have 1 to 128 characters.</exception>
    public static byte[] Write(ClientMessage message) => message switch
    {
        AckMessage ack => Ack(ack.Seq),
        PongMessage pong => Pong(pong),
        ReplayMessage replay => Replay(replay),
        ChatMessage chat => Chat(chat),
        CancelRunMessage cancel => CancelRun(cancel),
        AnswerMessage answer => Answer(answer),
        _ => throw new ArgumentException($"{message.GetType().Name} has no form on the wire", nameof(message)),
    };

    /// <summary>Writes <c>ack</c>.</summary>
    /// <param name="seq">The number, from 0 to <see cref="ProtocolConstants.MaxSeq"/>.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="seq"/> is outside its range.</exception>
    public static byte[] Ack(long seq)
    {
        Seqs.Require(seq, min: 0);
        return JsonMessage.Write(seq, static (json, seq) =>
        {
            json.WriteString("type"u8, "ack"u8);
            json.WriteNumber("seq"u8, seq);
        });
    }

    /// <summary>Writes <c>pong</c>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A number is outside its range.</exception>
    public static byte[] Pong(PongMessage message)
    {
        Seqs.Require(message.Seq ?? 0, min: 0);
        Seqs.Require(message.Ts ?? 0, min: 0);
        return JsonMessage.Write(message, static (json, message) =>
        {
            json.WriteString("type"u8, "pong"u8);
            if (message.Seq is { } seq)
            {
                json.WriteNumber("seq"u8, seq);
            }

            if (message.Ts is { } ts)
            {
                json.WriteNumber("ts"u8, ts);
            }
        });
    }

    /// <summary>Writes <c>replay</c>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A number is outside its range, or the range is empty.</exception>
    public static byte[] Replay(ReplayMessage message)
    {
        Seqs.Require(message.From, min: 1);
        Seqs.Require(message.To, min: message.From);
        return JsonMessage.Write(message, static (json, message) =>
        {
            json.WriteString("type"u8, "replay"u8);
            json.WriteNumber("from"u8, message.From);
            json.WriteNumber("to"u8, message.To);
        });
    }

    /// <summary>Writes <c>chat_message</c>.</summary>
    /// <exception cref="ProtocolViolationException">The id does not have 1 to 128 characters.</exception>
    public static byte[] Chat(ChatMessage message)
    {
        MessageIds.Require(message.Id, "id");
        return JsonMessage.Write(message, static (json, message) =>
        {
            json.WriteString("type"u8, "chat_message"u8);
            json.WriteString("id"u8, message.Id);
            json.WriteString("thread_id"u8, message.ThreadId);
            json.WriteString("content"u8, message.Content);
            if (message.Data is { } data)
            {
                json.WritePropertyName("data"u8);
                data.WriteTo(json);
            }
        });
    }

    /// <summary>Writes <c>cancel_run</c>.</summary>
    /// <exception cref="ProtocolViolationException">The id does not have 1 to 128 characters.</exception>
    public static byte[] CancelRun(CancelRunMessage message)
    {
        MessageIds.Require(message.Id, "id");
        return JsonMessage.Write(message, static (json, message) =>
        {
            json.WriteString("type"u8, "cancel_run"u8);
            json.WriteString("id"u8, message.Id);
            json.WriteString("thread_id"u8, message.ThreadId);
            json.WriteString("run_id"u8, message.RunId);
        });
    }

    /// <summary>Writes <c>answer</c>.</summary>
    /// <exception cref="ProtocolViolationException">The id does not have 1 to 128 characters.</exception>
    public static byte[] Answer(AnswerMessage message)
    {
        MessageIds.Require(message.Id, "id");
        return JsonMessage.Write(message, static (json, message) =>
        {
            json.WriteString("type"u8, "answer"u8);
            json.WriteString("id"u8, message.Id);
            json.WriteString("thread_id"u8, message.ThreadId);
            json.WriteString("run_id"u8, message.RunId);
            json.WriteString("request_id"u8, message.RequestId);
            json.WritePropertyName("value"u8);
            message.Value.WriteTo(json);
        });
    }

    /// <summary>Writes <c>authenticate</c>.</summary>
    /// <exception cref="ProtocolViolationException">There is an id, and it does not have 1 to 128 characters.</exception>
    public static byte[] Authenticate(AuthenticateMessage message)
    {
        if (message.Id is { } id)
        {
            MessageIds.Require(id, "id");
        }

        return JsonMessage.Write(message, static (json, message) =>
        {
            json.WriteString("type"u8, "authenticate"u8);
            json.WriteString("token"u8, message.Token);
            if (message.Id is not null)
            {
                json.WriteString("id"u8, message.Id);
            }
        });
    }
}

namespace Netra.Pipeline.Protocol;

/// <summary>Reads the server's messages that have no number.</summary>
internal static class ControlMessageReader
{
    public static WelcomeMessage Welcome(MessageReader reader)
    {
        string? connectionId = null;
        string? userId = null;
        string? epoch = null;
        long? seq = null;
        long? from = null;
        bool? resumed = null;
        long? pingInterval = null;
        long? pingTimeout = null;
        long? ackInterval = null;
        long? ackEvery = null;
        long? expires = null;
        string? tenantId = null;
        string? postKey = null;
        while (reader.Next())
        {
            if (reader.Is("connection_id"u8))
            {
                connectionId = reader.String("connection_id", connectionId);
            }
            else if (reader.Is("user_id"u8))
            {
                userId = reader.String("user_id", userId);
            }
            else if (reader.Is("epoch"u8))
            {
                epoch = reader.String("epoch", epoch);
            }
            else if (reader.Is("seq"u8))
            {
                seq = reader.Integer("seq", seq, min: 0);
            }
            else if (reader.Is("from"u8))
            {
                from = reader.Integer("from", from, min: 0);
            }
            else if (reader.Is("resumed"u8))
            {
                resumed = reader.Boolean("resumed", resumed);
            }
            else if (reader.Is("ping_interval_ms"u8))
            {
                pingInterval = reader.Integer("ping_interval_ms", pingInterval, min: 1);
            }
            else if (reader.Is("ping_timeout_ms"u8))
            {
                pingTimeout = reader.Integer("ping_timeout_ms", pingTimeout, min: 1);
            }
            else if (reader.Is("ack_interval_ms"u8))
            {
                ackInterval = reader.Integer("ack_interval_ms", ackInterval, min: 1);
            }
            else if (reader.Is("ack_every"u8))
            {
                ackEvery = reader.Integer("ack_every", ackEvery, min: 1, max: int.MaxValue);
            }
            else if (reader.Is("expires_in_ms"u8))
            {
                expires = reader.IsNull ? expires : reader.Integer("expires_in_ms", expires, min: 0);
            }
            else if (reader.Is("tenant_id"u8))
            {
                tenantId = reader.IsNull ? tenantId : reader.String("tenant_id", tenantId);
            }
            else if (reader.Is("post_key"u8))
            {
                postKey = reader.IsNull ? postKey : reader.String("post_key", postKey);
            }
            else
            {
                reader.Skip();
            }
        }

        return new WelcomeMessage(
            MessageReader.Required(connectionId, "welcome", "connection_id"),
            MessageReader.Required(userId, "welcome", "user_id"),
            MessageReader.Required(epoch, "welcome", "epoch"),
            MessageReader.Required(seq, "welcome", "seq"),
            MessageReader.Required(from, "welcome", "from"),
            MessageReader.Required(resumed, "welcome", "resumed"),
            MessageReader.Required(pingInterval, "welcome", "ping_interval_ms"),
            MessageReader.Required(pingTimeout, "welcome", "ping_timeout_ms"),
            MessageReader.Required(ackInterval, "welcome", "ack_interval_ms"),
            (int)MessageReader.Required(ackEvery, "welcome", "ack_every"))
        {
            ExpiresInMs = expires,
            TenantId = tenantId,
            PostKey = postKey,
        };
    }

    public static GapMessage Gap(MessageReader reader)
    {
        long? from = null;
        long? to = null;
        string? causeName = null;
        bool? replay = null;
        bool? certain = null;
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
            else if (reader.Is("cause"u8))
            {
                causeName = reader.String("cause", causeName);
            }
            else if (reader.Is("replay"u8))
            {
                replay = reader.Boolean("replay", replay);
            }
            else if (reader.Is("certain"u8))
            {
                certain = reader.Boolean("certain", certain);
            }
            else
            {
                reader.Skip();
            }
        }

        if (!GapCauses.TryParse(MessageReader.Required(causeName, "gap", "cause"), out var cause))
        {
            throw new ProtocolViolationException("'cause' must be 'overflow', 'expired' or 'server_restart'");
        }

        var message = new GapMessage(
            MessageReader.Required(from, "gap", "from"),
            MessageReader.Required(to, "gap", "to"),
            cause,
            MessageReader.Required(replay, "gap", "replay"),
            MessageReader.Required(certain, "gap", "certain"));
        return message.From <= message.To
            ? message
            : throw new ProtocolViolationException($"'to' must not be below 'from': {message.To} is below {message.From}");
    }

    public static ErrorMessage Error(MessageReader reader)
    {
        string? code = null;
        string? text = null;
        string? severity = null;
        double? timestamp = null;
        string? threadId = null;
        string? runId = null;
        string? id = null;
        string? eventType = null;
        string? toolName = null;
        string? callId = null;
        Dictionary<string, long>? numbers = null;
        while (reader.Next())
        {
            if (reader.Is("code"u8))
            {
                code = reader.String("code", code);
            }
            else if (reader.Is("message"u8))
            {
                text = reader.String("message", text);
            }
            else if (reader.Is("severity"u8))
            {
                severity = reader.String("severity", severity);
            }
            else if (reader.Is("timestamp"u8))
            {
                timestamp = reader.Number("timestamp", timestamp);
            }
            else if (reader.Is("thread_id"u8))
            {
                threadId = reader.IsNull ? threadId : reader.String("thread_id", threadId);
            }
            else if (reader.Is("run_id"u8))
            {
                runId = reader.IsNull ? runId : reader.String("run_id", runId);
            }
            else if (reader.Is("id"u8))
            {
                id = reader.IsNull ? id : reader.String("id", id);
            }
            else if (reader.Is("event_type"u8))
            {
                eventType = reader.IsNull ? eventType : reader.String("event_type", eventType);
            }
            else if (reader.Is("tool_name"u8))
            {
                toolName = reader.IsNull ? toolName : reader.String("tool_name", toolName);
            }
            else if (reader.Is("call_id"u8))
            {
                callId = reader.IsNull ? callId : reader.String("call_id", callId);
            }
            else if (reader.Is("data"u8))
            {
                numbers = reader.IsNull ? numbers : reader.Integers("data", numbers);
            }
            else
            {
                reader.Skip();
            }
        }

        return new ErrorMessage(
            MessageReader.Required(code, "error", "code"),
            MessageReader.Required(text, "error", "message"),
            MessageReader.Required(severity, "error", "severity"),
            MessageReader.Required(timestamp, "error", "timestamp"),
            threadId,
            runId,
            id,
            numbers)
        {
            EventType = eventType,
            ToolName = toolName,
            CallId = callId,
        };
    }

    public static PingMessage Ping(MessageReader reader)
    {
        long? ts = null;
        while (reader.Next())
        {
            if (reader.Is("ts"u8))
            {
                ts = reader.Integer("ts", ts, min: 0);
            }
            else
            {
                reader.Skip();
            }
        }

        return new PingMessage(MessageReader.Required(ts, "ping", "ts"));
    }

    public static AcceptedMessage Accepted(MessageReader reader)
    {
        string? id = null;
        string? runId = null;
        bool? taken = null;
        while (reader.Next())
        {
            if (reader.Is("id"u8))
            {
                id = reader.String("id", id);
            }
            else if (reader.Is("run_id"u8))
            {
                runId = reader.IsNull ? runId : reader.String("run_id", runId);
            }
            else if (reader.Is("taken"u8))
            {
                taken = reader.IsNull ? taken : reader.Boolean("taken", taken);
            }
            else
            {
                reader.Skip();
            }
        }

        return new AcceptedMessage(MessageReader.Required(id, "accepted", "id"), runId, taken == true);
    }

    public static CommandTakenMessage CommandTaken(MessageReader reader)
    {
        string? id = null;
        string? command = null;
        string? commandId = null;
        string? threadId = null;
        string? runId = null;
        while (reader.Next())
        {
            if (reader.Is("id"u8))
            {
                id = reader.String("id", id);
            }
            else if (reader.Is("command"u8))
            {
                command = reader.String("command", command);
            }
            else if (reader.Is("command_id"u8))
            {
                commandId = reader.String("command_id", commandId);
            }
            else if (reader.Is("thread_id"u8))
            {
                threadId = reader.String("thread_id", threadId);
            }
            else if (reader.Is("run_id"u8))
            {
                runId = reader.IsNull ? runId : reader.String("run_id", runId);
            }
            else
            {
                reader.Skip();
            }
        }

        return new CommandTakenMessage(
            MessageReader.Required(id, "command_taken", "id"),
            MessageReader.Required(command, "command_taken", "command"),
            MessageReader.Required(commandId, "command_taken", "command_id"),
            MessageReader.Required(threadId, "command_taken", "thread_id"),
            runId);
    }

    public static ReconnectMessage Reconnect(MessageReader reader)
    {
        long? afterMs = null;
        string? reason = null;
        while (reader.Next())
        {
            if (reader.Is("after_ms"u8))
            {
                afterMs = reader.Integer("after_ms", afterMs, min: 0);
            }
            else if (reader.Is("reason"u8))
            {
                reason = reader.String("reason", reason);
            }
            else
            {
                reader.Skip();
            }
        }

        return new ReconnectMessage(
            MessageReader.Required(afterMs, "reconnect", "after_ms"),
            MessageReader.Required(reason, "reconnect", "reason"));
    }

    public static StayMessage Stay(MessageReader reader)
    {
        string? reason = null;
        while (reader.Next())
        {
            if (reader.Is("reason"u8))
            {
                reason = reader.String("reason", reason);
            }
            else
            {
                reader.Skip();
            }
        }

        return new StayMessage(MessageReader.Required(reason, "stay", "reason"));
    }

    public static ExpiringMessage Expiring(MessageReader reader)
    {
        long? expires = null;
        while (reader.Next())
        {
            if (reader.Is("expires_in_ms"u8))
            {
                expires = reader.Integer("expires_in_ms", expires, min: 0);
            }
            else
            {
                reader.Skip();
            }
        }

        return new ExpiringMessage(MessageReader.Required(expires, "expiring", "expires_in_ms"));
    }

    public static AuthenticatedMessage Authenticated(MessageReader reader)
    {
        long? expires = null;
        string? id = null;
        while (reader.Next())
        {
            if (reader.Is("expires_in_ms"u8))
            {
                expires = reader.IsNull ? expires : reader.Integer("expires_in_ms", expires, min: 0);
            }
            else if (reader.Is("id"u8))
            {
                id = reader.IsNull ? id : reader.String("id", id);
            }
            else
            {
                reader.Skip();
            }
        }

        return new AuthenticatedMessage(expires, id);
    }
}

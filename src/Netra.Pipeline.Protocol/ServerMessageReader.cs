using System.Text.Json;

namespace Netra.Pipeline.Protocol;

/// <summary>
/// Reads messages from the server, for clients. Pure: the result depends on the bytes alone and shares nothing with them. Members that are
/// not known are ignored; optional members may be null.
/// </summary>
public static class ServerMessageReader
{
    /// <summary>Reads one message.</summary>
    /// <param name="utf8">The message: one JSON object in UTF-8.</param>
    /// <returns>
    /// The message. One of a type that is not known is an <see cref="EventMessage"/> if it has all that an event has, else an
    /// <see cref="UnknownServerMessage"/>.
    /// </returns>
    /// <exception cref="ProtocolViolationException">
    /// It is not one JSON object, is nested deeper than <see cref="ProtocolConstants.MaxDepth"/>, has text that is not Unicode, or a member
    /// of its type is missing, doubled, of the wrong type or out of range.
    /// </exception>
    public static ServerMessage Read(ReadOnlySpan<byte> utf8)
    {
        try
        {
            var reader = new MessageReader(utf8);
            var type = reader.FindType();
            return type switch
            {
                _ when type.ValueTextEquals("welcome"u8) => ControlMessageReader.Welcome(reader),
                _ when type.ValueTextEquals("gap"u8) => ControlMessageReader.Gap(reader),
                _ when type.ValueTextEquals("error"u8) => ControlMessageReader.Error(reader),
                _ when type.ValueTextEquals("ping"u8) => ControlMessageReader.Ping(reader),
                _ when type.ValueTextEquals("accepted"u8) => ControlMessageReader.Accepted(reader),
                _ when type.ValueTextEquals("command_taken"u8) => ControlMessageReader.CommandTaken(reader),
                _ when type.ValueTextEquals("reconnect"u8) => ControlMessageReader.Reconnect(reader),
                _ when type.ValueTextEquals("expiring"u8) => ControlMessageReader.Expiring(reader),
                _ when type.ValueTextEquals("authenticated"u8) => ControlMessageReader.Authenticated(reader),
                _ when type.ValueTextEquals("stay"u8) => ControlMessageReader.Stay(reader),
                _ => Event(reader, MessageReader.Text(type, "type")),
            };
        }
        catch (JsonException e)
        {
            throw new ProtocolViolationException("the message is not well-formed JSON: " + e.Message, e);
        }
        catch (InvalidOperationException e)
        {
            // Comparing an escaped member name is where the JSON reader notices half a surrogate pair in it.
            throw new ProtocolViolationException("the message has a member name that is not Unicode: an unpaired surrogate", e);
        }
    }

    private static ServerMessage Event(MessageReader reader, string type)
    {
        EventType? eventType = EventTypes.TryParse(type, out var known) ? known : null;
        if (eventType is null && !IsEvent(reader))
        {
            return new UnknownServerMessage(type);
        }

        long? seq = null;
        long? fromSeq = null;
        string? id = null;
        string? threadId = null;
        string? runId = null;
        double? timestamp = null;
        JsonElement? data = null;
        long? attempt = null;
        string? traceParent = null;
        long? redelivery = null;
        RunSummary? run = null;
        string? replayOf = null;
        while (reader.Next())
        {
            if (reader.Is("seq"u8))
            {
                seq = reader.Integer("seq", seq, min: 1);
            }
            else if (reader.Is("from_seq"u8))
            {
                fromSeq = reader.IsNull ? fromSeq : reader.Integer("from_seq", fromSeq, min: 1);
            }
            else if (reader.Is("id"u8))
            {
                id = reader.String("id", id);
            }
            else if (reader.Is("thread_id"u8))
            {
                threadId = reader.String("thread_id", threadId);
            }
            else if (reader.Is("run_id"u8))
            {
                runId = reader.String("run_id", runId);
            }
            else if (reader.Is("timestamp"u8))
            {
                timestamp = reader.Number("timestamp", timestamp);
            }
            else if (reader.Is("data"u8))
            {
                data = reader.IsObject
                    ? reader.Element("data", data)
                    : throw new ProtocolViolationException("'data' must be an object");
            }
            else if (reader.Is("attempt"u8))
            {
                attempt = reader.IsNull ? attempt : reader.Integer("attempt", attempt, min: 1, max: int.MaxValue);
            }
            else if (reader.Is("traceparent"u8))
            {
                traceParent = reader.IsNull ? traceParent : reader.String("traceparent", traceParent);
            }
            else if (reader.Is("redelivery"u8))
            {
                redelivery = reader.IsNull ? redelivery : reader.Integer("redelivery", redelivery, min: 1, max: int.MaxValue);
            }
            else if (reader.Is("run"u8))
            {
                run = reader.IsNull
                    ? run
                    : Summary(reader.Integers("run", run is null ? null : new Dictionary<string, long>(StringComparer.Ordinal)));
            }
            else if (reader.Is("replay_of"u8))
            {
                replayOf = reader.IsNull ? replayOf : reader.String("replay_of", replayOf);
            }
            else
            {
                reader.Skip();
            }
        }

        if (fromSeq >= seq)
        {
            throw new ProtocolViolationException($"'from_seq' must be below 'seq', which is {seq}");
        }

        return new EventMessage(
            eventType is { } value ? EventTypes.WireName(value) : type,
            eventType,
            MessageReader.Required(seq, type, "seq"),
            MessageReader.Required(id, type, "id"),
            MessageReader.Required(threadId, type, "thread_id"),
            MessageReader.Required(runId, type, "run_id"),
            MessageReader.Required(timestamp, type, "timestamp"),
            MessageReader.Required(data, type, "data"),
            traceParent,
            (int?)redelivery)
        {
            Attempt = (int)(attempt ?? 1),
            FromSeq = fromSeq,
            Run = run,
            ReplayOf = replayOf,
        };
    }

    private static RunSummary Summary(Dictionary<string, long> members)
    {
        return new RunSummary(Member("events"), Member("first_seq"), Member("last_seq"));

        long Member(string name) => members.TryGetValue(name, out var value) && value is >= 1 and <= ProtocolConstants.MaxSeq
            ? value
            : throw new ProtocolViolationException($"'run.{name}' must be an integer from 1 to {ProtocolConstants.MaxSeq}");
    }

    /// <summary>
    /// Looks ahead, to the end of the message, whether it has all that an event must have. That tells an event of a future version, whose
    /// number a client must not lose, from other messages of a future version, which it must ignore.
    /// </summary>
    private static bool IsEvent(MessageReader reader)
    {
        var (seq, id, thread, run, timestamp, data) = (false, false, false, false, false, false);
        while (reader.Next())
        {
            seq |= reader.IsName("seq"u8);
            id |= reader.IsName("id"u8);
            thread |= reader.IsName("thread_id"u8);
            run |= reader.IsName("run_id"u8);
            timestamp |= reader.IsName("timestamp"u8);
            data |= reader.IsName("data"u8);
            reader.Skip();
        }

        return seq && id && thread && run && timestamp && data;
    }
}

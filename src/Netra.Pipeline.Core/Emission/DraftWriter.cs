using System.Text.Json;
using System.Text.Json.Nodes;
using Netra.Pipeline.Contexts;
using Netra.Pipeline.Events;
using Netra.Pipeline.Failures;
using Netra.Pipeline.Protocol;
using Netra.Pipeline.Storage;
using Netra.Pipeline.Streams;

namespace Netra.Pipeline.Emission;

/// <summary>
/// Writes the events of one emitter into drafts, and refuses those that cannot be written or are too large. Safe from any thread.
/// </summary>
/// <param name="services">What all emitters share.</param>
/// <param name="stream">The user's stream, which knows how many digits the next number will have.</param>
/// <param name="guard">Refuses.</param>
/// <param name="context">Whose run it is.</param>
/// <param name="attempt">The attempt that most of its events belong to.</param>
/// <param name="input">What the agent was asked, to be stored with the run's beginning; null for nothing.</param>
/// <param name="request">The request from outside whose events they are; null for those of this process.</param>
internal sealed class DraftWriter(
    EmissionServices services,
    UserStream stream,
    EmissionGuard guard,
    UserExecutionContext context,
    EmitterAttempt attempt,
    ReadOnlyMemory<byte>? input = null,
    RunPublisher? request = null)
{
    // Those of the last event: the next one belongs to the same attempt, but for the one that begins another.
    private EnvelopeConstants _constants = new(context, attempt.Now);
    private readonly ulong _ownerTag = OwnerTag.Of(context.UserKey);

    /// <summary>The trace context's member, with which the envelope ends.</summary>
    public ReadOnlySpan<byte> Trace => _constants.Trace;

    /// <summary>Begins an event; its data object is open.</summary>
    /// <returns>The encoder, which <see cref="Finish"/> gives back, and when the event was accepted.</returns>
    public (EventEncoder Encoder, DateTimeOffset Now) Begin(EventType type)
    {
        guard.Ensure(type);
        var now = services.Time.GetUtcNow();
        var encoder = Begin(type, attempt.Now, now);
        encoder.Data.WriteStartObject();
        return (encoder, now);
    }

    /// <summary>Begins an event with data that was encoded before.</summary>
    /// <param name="data">Its data.</param>
    /// <param name="belongsTo">The attempt that it belongs to.</param>
    public (EventEncoder Encoder, DateTimeOffset Now) Begin(in PublishedData data, int belongsTo)
    {
        var now = services.Time.GetUtcNow();
        guard.Ensure(data.Type);
        var encoder = Begin(data.Type, belongsTo, now);
        data.WriteTo(encoder, now);
        return (encoder, now);
    }

    /// <summary>Ends the data of a lifecycle event: each has metadata and a timestamp.</summary>
    public void EndData(EventType type, EventEncoder encoder, DateTimeOffset now, JsonObject? metadata)
    {
        var data = encoder.Data;
        if (metadata is null)
        {
            data.WriteStartObject("metadata"u8);
            data.WriteEndObject();
        }

        WriteNode(type, data, "metadata", metadata);
        data.WritePropertyName("timestamp"u8);
        data.Flush();
        encoder.WriteSeconds(now);
        encoder.WriteRaw("}"u8);
    }

    /// <summary>
    /// Writes a member of the caller's, which may not be writable: nested too deep, or a value whose own serialization fails.
    /// </summary>
    public void WriteNode(EventType type, Utf8JsonWriter data, string name, JsonNode? node)
    {
        if (node is null)
        {
            return;
        }

        try
        {
            data.WritePropertyName(name);
            node.WriteTo(data);
        }
        catch (Exception exception)
        {
            throw guard.Refused(
                type, SendFailureException.InvalidEvent(guard.Scope(type), name, $"cannot be encoded: {exception.Message}"));
        }
    }

    /// <summary>Writes the name and the value of an event of the application's own.</summary>
    public void WriteCustom(Utf8JsonWriter data, string name, JsonNode? value)
    {
        data.WriteString("name"u8, name);
        if (value is null)
        {
            data.WriteNull("value"u8);
        }

        WriteNode(EventType.Custom, data, "value", value);
    }

    /// <summary>Writes that nobody has taken a command in time.</summary>
    public static void WriteExpired(Utf8JsonWriter data, NewCommand command, string commandId, string message)
    {
        data.WriteString("command"u8, CommandKinds.WireName(command.Kind));
        data.WriteString("command_id"u8, commandId);
        data.WriteString("message"u8, message);
        if (command.RunId is { } runId)
        {
            data.WriteString("run_id"u8, runId);
        }

        if (command.MessageId is { } messageId)
        {
            data.WriteString("id"u8, messageId);
        }

        if (command.RequestId is { } requestId)
        {
            data.WriteString("request_id"u8, requestId);
        }
    }

    /// <summary>Ends an event.</summary>
    /// <param name="type">Its type.</param>
    /// <param name="subject">What it is about.</param>
    /// <param name="encoder">The encoder, which is given back.</param>
    /// <param name="now">When it was accepted.</param>
    /// <param name="tail">With what the envelope ends.</param>
    public EventDraft Finish(EventType type, in EventSubject subject, EventEncoder encoder, DateTimeOffset now, ReadOnlySpan<byte> tail)
    {
        try
        {
            var body = encoder.Finish(tail);
            if (body.Length > services.MaxEventBytes)
            {
                throw TooLarge(type, subject, body.Length);
            }

            return new EventDraft(type, now, _ownerTag, body, stream.ExpectedSeq)
            {
                Timestamp = services.Served.GetTimestamp(),
                Attempt = encoder.Attempt,
                BeginsAttempt = type == EventType.AgentStarted && subject.Attempt == encoder.Attempt,
                Declared = type == EventType.AgentStarted ? new RunDeclaration(subject.Name, subject.Lease) { Input = input } : null,
                Publisher = request,
            };
        }
        finally
        {
            encoder.Return();
        }
    }

    private EventEncoder Begin(EventType type, int belongsTo, DateTimeOffset now)
    {
        var constants = _constants;
        if (constants.Attempt != belongsTo)
        {
            _constants = constants = new EnvelopeConstants(context, belongsTo);
        }

        var encoder = EventEncoder.Rent();
        encoder.Begin(type, constants.Head, now);
        encoder.Attempt = belongsTo;
        return encoder;
    }

    // The user who is missing it is told what it was.
    private PipelineException TooLarge(EventType type, in EventSubject subject, int size)
    {
        var refusal = BufferOverflowException.EventTooLarge(guard.Scope(type), size, services.MaxEventBytes);
        var isOfTool = type is EventType.ToolExecuting or EventType.ToolCompleted;
        refusal.Event = new RefusedEvent(EventTypes.WireName(type), isOfTool ? subject.Name : null, isOfTool ? subject.CallId : null);
        return guard.Refused(type, refusal);
    }
}

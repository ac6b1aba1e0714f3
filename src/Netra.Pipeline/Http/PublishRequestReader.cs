using System.Text.Json;
using System.Text.Unicode;
using Netra.Pipeline.Failures;
using Netra.Pipeline.Protocol;

namespace Netra.Pipeline.Http;

/// <summary>
/// Reads the object that a publisher sends for one event. Members that it does not know are passed over; known ones must have their type and may occur once.
/// </summary>
internal ref struct PublishRequestReader
{
    private static readonly FailureScope Scope = new(EventPublisher.Operation);

    private readonly PublishTarget? _previous;
    private Utf8JsonReader _json;
    private uint _seen;

    private PublishRequestReader(ReadOnlySpan<byte> utf8, PublishTarget? previous)
    {
        _previous = previous;
        _json = new Utf8JsonReader(utf8, new JsonReaderOptions { MaxDepth = ProtocolConstants.MaxDepth });
    }

    /// <summary>Reads one event.</summary>
    /// <param name="utf8">Everything the publisher sent for it.</param>
    /// <param name="previous">The event before it in the same request: most events go where the last one went, and then its strings are used again.</param>
    /// <exception cref="SendFailureException">It is malformed (<c>invalid_event</c>).</exception>
    public static PublishRequest Read(ReadOnlyMemory<byte> utf8, PublishTarget? previous)
    {
        // The JSON reader looks into strings only when they are fetched, but all of data goes into a text frame as it is.
        if (!Utf8.IsValid(utf8.Span))
        {
            throw Invalid("event", "is not valid UTF-8");
        }

        try
        {
            return new PublishRequestReader(utf8.Span, previous).Read(utf8);
        }
        catch (JsonException exception)
        {
            throw Invalid("event", $"is not valid JSON: {exception.Message}");
        }
        catch (InvalidOperationException)
        {
            throw Invalid("event", "has text that is not Unicode: an unpaired surrogate");
        }
    }

    private PublishRequest Read(ReadOnlyMemory<byte> utf8)
    {
        if (!_json.Read() || _json.TokenType != JsonTokenType.StartObject)
        {
            throw Invalid("event", "must be one JSON object");
        }

        string? user = null, thread = null, run = null, traceParent = null, traceState = null, idempotencyKey = null;
        EventType? type = null;
        var sign = LifeSign.None;
        var data = ReadOnlyMemory<byte>.Empty;
        while (_json.Read() && _json.TokenType == JsonTokenType.PropertyName)
        {
            if (Is("user_id"u8, "user_id", 0))
            {
                user = Text("user_id", _previous?.UserId);
            }
            else if (Is("thread_id"u8, "thread_id", 1))
            {
                thread = Text("thread_id", _previous?.ThreadId);
            }
            else if (Is("run_id"u8, "run_id", 2))
            {
                run = Text("run_id", _previous?.RunId);
            }
            else if (Is("type"u8, "type", TypeBit))
            {
                (type, sign) = ReadType();
            }
            else if (Is("data"u8, "data", 4))
            {
                data = Object(utf8);
            }
            else if (Is("traceparent"u8, "traceparent", 5))
            {
                traceParent = Text("traceparent", _previous?.TraceParent);
            }
            else if (Is("tracestate"u8, "tracestate", 6))
            {
                traceState = Text("tracestate", _previous?.TraceState);
            }
            else if (Is("idempotency_key"u8, "idempotency_key", 7))
            {
                idempotencyKey = Text("idempotency_key", previous: null);
            }
            else
            {
                _json.Read();
                _json.Skip();
            }
        }

        // Anything but white space after the object makes the JSON reader throw.
        _json.Read();
        var target = _previous is { } last && last.UserId == user && last.ThreadId == thread && last.RunId == run
            && last.TraceParent == traceParent && last.TraceState == traceState
            ? last
            : new PublishTarget(user, thread, run, traceParent, traceState);
        return new PublishRequest(target, type, (_seen & (1u << TypeBit)) != 0, data, idempotencyKey) { LifeSign = sign };
    }

    private readonly (EventType? Type, LifeSign Sign) ReadType()
    {
        if (_json.TokenType == JsonTokenType.String && _json.ValueTextEquals("heartbeat"u8))
        {
            return (null, LifeSign.Heartbeat);
        }

        if (_json.TokenType == JsonTokenType.String && _json.ValueTextEquals("waiting"u8))
        {
            return (null, LifeSign.Waiting);
        }

        return (EventTypes.TryParse(Text("type", previous: null), out var known) ? known : null, LifeSign.None);
    }

    private const int TypeBit = 3;

    private bool Is(ReadOnlySpan<byte> utf8Name, string name, int bit)
    {
        if (!_json.ValueTextEquals(utf8Name))
        {
            return false;
        }

        if ((_seen & (1u << bit)) != 0)
        {
            throw Invalid(name, "occurs twice");
        }

        _seen |= 1u << bit;
        return _json.Read();
    }

    private readonly string? Text(string member, string? previous) => _json.TokenType switch
    {
        JsonTokenType.Null => null,
        JsonTokenType.String => previous is not null && _json.ValueTextEquals(previous) ? previous : _json.GetString(),
        _ => throw Invalid(member, "must be a string"),
    };

    private ReadOnlyMemory<byte> Object(ReadOnlyMemory<byte> utf8)
    {
        if (_json.TokenType == JsonTokenType.Null)
        {
            return default;
        }

        if (_json.TokenType != JsonTokenType.StartObject)
        {
            throw Invalid("data", "must be an object");
        }

        var start = (int)_json.TokenStartIndex;
        _json.Skip();
        return utf8[start..(int)_json.BytesConsumed];
    }

    private static SendFailureException Invalid(string member, string problem) => SendFailureException.InvalidEvent(Scope, member, problem);
}

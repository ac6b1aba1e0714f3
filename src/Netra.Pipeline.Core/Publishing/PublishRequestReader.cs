using System.Text.Json;
using System.Text.Unicode;
using Netra.Pipeline.Protocol;

namespace Netra.Pipeline.Publishing;

/// <summary>
/// Reads the object that a publisher sends for one event. Members that it does not know are passed over; known ones must have their type
/// and may occur once. What is wrong is told, not thrown: a peer's mistakes come in
/// crowds, and must cost less than what is right.
/// </summary>
internal ref struct PublishRequestReader
{
    private readonly PublishTarget? _previous;
    private Utf8JsonReader _json;
    private uint _seen;
    private string? _user;
    private string? _thread;
    private string? _run;
    private string? _traceParent;
    private string? _traceState;
    private string? _idempotencyKey;
    private EventType? _type;
    private LifeSign _sign;
    private ReadOnlyMemory<byte> _data;
    private string? _problem;

    private PublishRequestReader(ReadOnlySpan<byte> utf8, PublishTarget? previous)
    {
        _previous = previous;
        _json = new Utf8JsonReader(utf8, new JsonReaderOptions { MaxDepth = ProtocolConstants.MaxDepth });
    }

    /// <summary>Reads one event.</summary>
    /// <param name="utf8">Everything the publisher sent for it.</param>
    /// <param name="previous">The event before it in the same request: most events go where the last one went, and then its strings are used again.</param>
    /// <returns>The event; one with a <see cref="PublishRequest.Problem"/> is malformed, and has whom it names as far as that could be
    /// read.</returns>
    public static PublishRequest Read(ReadOnlyMemory<byte> utf8, PublishTarget? previous)
    {
        if (utf8.Span.TrimStart(" \t\r\n"u8) is not [(byte)'{', ..])
        {
            return PublishRequest.Malformed("event", "must be one JSON object");
        }

        var reader = new PublishRequestReader(utf8.Span, previous);

        // The JSON reader looks into strings only when they are fetched, but all of data goes into a text frame as it is.
        if (!Utf8.IsValid(utf8.Span))
        {
            reader.Refuse("event", "is not valid UTF-8");
        }

        return reader.Read(utf8);
    }

    private PublishRequest Read(ReadOnlyMemory<byte> utf8)
    {
        try
        {
            ReadMembers(utf8);
        }
        catch (JsonException exception)
        {
            Refuse("event", $"is not valid JSON: {exception.Message}");
        }
        catch (InvalidOperationException)
        {
            Refuse("event", "has text that is not Unicode: an unpaired surrogate");
        }

        var target = _previous is { } last && last.UserId == _user && last.ThreadId == _thread && last.RunId == _run
            && last.TraceParent == _traceParent && last.TraceState == _traceState
            ? last
            : new PublishTarget(_user, _thread, _run, _traceParent, _traceState);
        return new PublishRequest(target, _type, (_seen & (1u << TypeBit)) != 0, _data, _idempotencyKey) { LifeSign = _sign, Problem = _problem };
    }

    private void ReadMembers(ReadOnlyMemory<byte> utf8)
    {
        _json.Read();
        while (_json.Read() && _json.TokenType == JsonTokenType.PropertyName)
        {
            if (Is("user_id"u8, "user_id", 0))
            {
                _user = Text("user_id", _previous?.UserId);
            }
            else if (Is("thread_id"u8, "thread_id", 1))
            {
                _thread = Text("thread_id", _previous?.ThreadId);
            }
            else if (Is("run_id"u8, "run_id", 2))
            {
                _run = Text("run_id", _previous?.RunId);
            }
            else if (Is("type"u8, "type", TypeBit))
            {
                (_type, _sign) = ReadType();
            }
            else if (Is("data"u8, "data", 4))
            {
                _data = Object(utf8);
            }
            else if (Is("traceparent"u8, "traceparent", 5))
            {
                _traceParent = Text("traceparent", _previous?.TraceParent);
            }
            else if (Is("tracestate"u8, "tracestate", 6))
            {
                _traceState = Text("tracestate", _previous?.TraceState);
            }
            else if (Is("idempotency_key"u8, "idempotency_key", 7))
            {
                _idempotencyKey = Text("idempotency_key", previous: null);
            }
            else
            {
                _json.Read();
                _json.Skip();
            }
        }

        // Anything but white space after the object makes the JSON reader throw.
        _json.Read();
    }

    private (EventType? Type, LifeSign Sign) ReadType()
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
            Refuse(name, "occurs twice");
        }

        _seen |= 1u << bit;
        return _json.Read();
    }

    private string? Text(string member, string? previous)
    {
        switch (_json.TokenType)
        {
            case JsonTokenType.Null:
                return null;
            case JsonTokenType.String:
                return previous is not null && _json.ValueTextEquals(previous) ? previous : _json.GetString();
            default:
                Refuse(member, "must be a string");
                _json.Skip();
                return null;
        }
    }

    private ReadOnlyMemory<byte> Object(ReadOnlyMemory<byte> utf8)
    {
        if (_json.TokenType == JsonTokenType.Null)
        {
            return default;
        }

        if (_json.TokenType != JsonTokenType.StartObject)
        {
            Refuse("data", "must be an object");
        }

        var start = (int)_json.TokenStartIndex;
        _json.Skip();
        return utf8[start..(int)_json.BytesConsumed];
    }

    // The first thing that is wrong is told. Reading goes on, to find out whom the event was for.
    private void Refuse(string member, string problem) => _problem ??= PublishRequest.ProblemOf(member, problem);
}

using System.Text.Json;
using System.Text.Unicode;
using Netra.Pipeline.Emission;
using Netra.Pipeline.Protocol;

namespace Netra.Pipeline.Publishing;

/// <summary>
/// Reads the object that a publisher sends for one event, in one pass and without a document: whom it is for, what it is, and its data,
/// checked and compact. Members that it does not know are passed over; known ones must have their type and may occur once. What is wrong
/// is told, not thrown: a peer's mistakes come in crowds, and must cost less than what is right.
/// </summary>
internal ref partial struct PublishedEventReader
{
    private const int TypeBit = 3;
    private const int DataBit = 4;
    private const int CommandAckBit = 31;

    private const string NoAttempt = "must be an integer from 1 to 2147483647";
    private const string NotUnicode = "has text that is not Unicode: an unpaired surrogate";

    private static readonly JsonReaderOptions Options = new() { MaxDepth = ProtocolConstants.MaxDepth };

    private static readonly string Types = string.Join(
        ", ", Enum.GetValues<EventType>().Where(static type => !EventTypes.IsOfServer(type)).Select(EventTypes.WireName));

    private readonly ReadOnlyMemory<byte> _utf8;
    private readonly PublishTarget? _previous;
    private Utf8JsonReader _json;
    private uint _seen;
    private string _tenant;
    private string? _user;
    private string? _thread;
    private string? _run;
    private int? _attempt;
    private string? _traceParent;
    private string? _traceState;
    private string? _idempotencyKey;
    private string? _commandAck;
    private EventType? _type;
    private LifeSign _sign;
    private DateTimeOffset? _until;
    private string? _malformed;

    // What is read in its data.
    private CompactJson _compact;
    private PublishedData _data;
    private string? _subject;
    private string? _callId;
    private TimeSpan _lease;
    private int _begins;
    private string? _invalid;

    private PublishedEventReader(ReadOnlyMemory<byte> utf8, string tenantId, PublishTarget? previous)
    {
        (_utf8, _tenant, _previous) = (utf8, tenantId, previous);
        _json = new Utf8JsonReader(utf8.Span, Options);
    }

    /// <summary>Reads one event.</summary>
    /// <param name="utf8">Everything the publisher sent for it.</param>
    /// <param name="previous">
    /// Where the event before it in the same request went: most events go where the last one went, and then its strings are used again.
    /// </param>
    /// <param name="tenantId">The publisher's own tenant, which is meant where the event names none.</param>
    /// <returns>The event; one that is malformed has whom it names as far as that could be read.</returns>
    public static PublishedEvent Read(ReadOnlyMemory<byte> utf8, PublishTarget? previous, string tenantId = "")
    {
        var reader = new PublishedEventReader(utf8, tenantId, previous);
        if (utf8.Span.TrimStart(" \t\r\n"u8) is not [(byte)'{', ..])
        {
            reader.Refuse("event", "must be one JSON object");
            return reader.Finish();
        }

        // The JSON reader looks into strings only when they are fetched, but all of data goes into a text frame as it is.
        if (!Utf8.IsValid(utf8.Span))
        {
            reader.Refuse("event", "is not valid UTF-8");
        }

        try
        {
            reader.ReadMembers();
        }
        catch (JsonException exception)
        {
            reader.Refuse("event", $"is not valid JSON: {exception.Message}");
        }
        catch (InvalidOperationException)
        {
            reader.Refuse("event", NotUnicode);
        }

        return reader.Finish();
    }

    private readonly PublishedEvent Finish()
    {
        var target = _previous is { } last && last.UserId == _user && last.ThreadId == _thread && last.RunId == _run
            && last.TraceParent == _traceParent && last.TraceState == _traceState
            && last.Attempt == _attempt && last.TenantId == _tenant
            ? last
            : new PublishTarget(_user, _thread, _run, _traceParent, _traceState) { Attempt = _attempt, TenantId = _tenant };
        var invalid = _sign == LifeSign.None && _malformed is null ? _invalid ?? ProblemOfType() ?? ProblemOfAttempt() : null;
        return new PublishedEvent(target)
        {
            Malformed = _malformed,
            Invalid = invalid,
            Sign = _sign,
            Until = _until,
            IdempotencyKey = _idempotencyKey,
            CommandAck = _commandAck,
            Data = _malformed is null && invalid is null ? _data : default,
            Rented = _compact.Copy,
        };
    }

    private readonly string? ProblemOfType()
    {
        var problem = _type is { } type && EventTypes.IsOfServer(type)
            ? $"must not be {EventTypes.WireName(type)}: only the server says that"
            : _type is not null ? null
            : HasSeen(TypeBit) ? $"must be one of {Types}"
            : $"is missing; it must be one of {Types}";
        return problem is null ? null : PublishedEvent.ProblemOf("type", problem);
    }

    private readonly string? ProblemOfAttempt() => _attempt is { } named && _begins > 0 && _begins != named
        ? PublishedEvent.ProblemOf("attempt", "must agree with 'data.attempt'")
        : null;

    private void ReadMembers()
    {
        var early = default(ReadOnlyMemory<byte>);
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
            else if (Is("tenant_id"u8, "tenant_id", 9))
            {
                _tenant = Text("tenant_id", _previous?.TenantId) ?? _tenant;
            }
            else if (Is("attempt"u8, "attempt", 8))
            {
                ReadAttempt();
            }
            else if (Is("type"u8, "type", TypeBit))
            {
                ReadType();
            }
            else if (Is("data"u8, "data", DataBit))
            {
                early = ReadDataOrKeep();
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
            else if (Is(CommandAck.Member, "command_ack", CommandAckBit))
            {
                _commandAck = Text("command_ack", previous: null);
            }
            else
            {
                _json.Read();
                _json.Skip();
            }
        }

        // Anything but white space after the object makes the JSON reader throw.
        _json.Read();
        if (!early.IsEmpty && _malformed is null)
        {
            _json = new Utf8JsonReader(early.Span, Options);
            _json.Read();
            ReadData(early);
        }
        else if (_data.Json.IsEmpty)
        {
            RequireMembers();
        }
    }

    private void ReadType()
    {
        if (_json.TokenType == JsonTokenType.String && !_json.ValueIsEscaped && EventTypes.TryParse(_json.ValueSpan, out var type))
        {
            (_type, _sign) = (type, LifeSign.None);
            return;
        }

        var name = Text("type", previous: null);
        _type = EventTypes.TryParse(name, out type) ? type : null;
        _sign = name switch
        {
            "heartbeat" => LifeSign.Heartbeat,
            "waiting" => LifeSign.Waiting,
            _ => LifeSign.None,
        };
    }

    private void ReadAttempt()
    {
        if (IsAttempt(out var attempt))
        {
            _attempt = attempt;
        }
        else if (_json.TokenType != JsonTokenType.Null)
        {
            Refuse("attempt", NoAttempt);
            _json.Skip();
        }
    }

    private readonly bool IsAttempt(out int attempt)
    {
        attempt = 0;
        return _json.TokenType == JsonTokenType.Number && _json.TryGetInt32(out attempt) && attempt >= 1;
    }

    // The rules for data depend on the type, which nearly all publishers write first. Otherwise data is read after the rest of the event.
    private ReadOnlyMemory<byte> ReadDataOrKeep()
    {
        if (_json.TokenType == JsonTokenType.Null)
        {
            return default;
        }

        if (_json.TokenType != JsonTokenType.StartObject)
        {
            Refuse("data", "must be an object");
        }

        if (_malformed is null && HasSeen(TypeBit))
        {
            ReadData(_utf8);
            return default;
        }

        var start = (int)_json.TokenStartIndex;
        _json.Skip();
        return _utf8[start..(int)_json.BytesConsumed];
    }

    // Begins on the object's start and ends on its end.
    private void ReadData(ReadOnlyMemory<byte> utf8)
    {
        if (_sign == LifeSign.Waiting)
        {
            ReadUntil();
        }
        else if (_type is { } type && !EventTypes.IsOfServer(type))
        {
            ReadDataOf(type, utf8);
        }
        else
        {
            _json.Skip();
        }
    }

    private readonly bool HasSeen(int bit) => (_seen & (1u << bit)) != 0;

    private bool Is(ReadOnlySpan<byte> utf8Name, string name, int bit)
    {
        if (!_json.ValueTextEquals(utf8Name))
        {
            return false;
        }

        if (HasSeen(bit))
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

    // The first thing that is wrong is told. Reading goes on, to find out whom the event was for.
    private void Refuse(string member, string problem) => _malformed ??= PublishedEvent.ProblemOf(member, problem);
}

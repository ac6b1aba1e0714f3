using System.Buffers;
using System.Text.Json;
using Netra.Pipeline.Failures;
using Netra.Pipeline.Protocol;

namespace Netra.Pipeline.Publishing;

/// <summary>
/// Finds out whom an event was for that is refused for its length, from its beginning, and what it was. What is not there, or not as it
/// should be, is passed over: the event is refused in any case.
/// </summary>
internal ref struct TooLongEventReader
{
    private Utf8JsonReader _json;
    private string _tenant;
    private string? _user;
    private string? _thread;
    private string? _run;
    private int? _attempt;
    private string? _type;
    private string? _tool;
    private string? _call;

    private TooLongEventReader(in ReadOnlySequence<byte> beginning, string tenantId)
    {
        _tenant = tenantId;
        _json = new Utf8JsonReader(
            beginning, isFinalBlock: false, new JsonReaderState(new JsonReaderOptions { MaxDepth = ProtocolConstants.MaxDepth }));
    }

    /// <summary>Reads what it can.</summary>
    /// <param name="beginning">The event, or as much as there is of it.</param>
    /// <param name="tenantId">The publisher's own tenant, which is meant where the event names none.</param>
    public static (PublishTarget Target, RefusedEvent Event) Read(in ReadOnlySequence<byte> beginning, string tenantId)
    {
        var reader = new TooLongEventReader(beginning, tenantId);
        try
        {
            reader.ReadMembers();
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            // From here on it is no JSON, or no Unicode; what came before is kept.
        }

        var target = new PublishTarget(reader._user, reader._thread, reader._run, TraceParent: null, TraceState: null)
        {
            Attempt = reader._attempt,
            TenantId = reader._tenant,
        };
        var type = EventTypes.TryParse(reader._type ?? string.Empty, out var known) ? EventTypes.WireName(known) : null;
        return (target, new RefusedEvent(type, PublishTarget.IfValid(reader._tool), PublishTarget.IfValid(reader._call)));
    }

    private void ReadMembers()
    {
        var isInData = false;
        while (_json.Read())
        {
            if (_json.TokenType != JsonTokenType.PropertyName)
            {
                continue;
            }

            if (_json.CurrentDepth == 1)
            {
                isInData = _json.ValueTextEquals("data"u8);
                ReadMember();
            }
            else if (_json.CurrentDepth == 2 && isInData)
            {
                ReadDataMember();
            }
        }
    }

    private void ReadMember()
    {
        if (_json.ValueTextEquals("user_id"u8))
        {
            _user = Text();
        }
        else if (_json.ValueTextEquals("tenant_id"u8))
        {
            _tenant = Text() ?? _tenant;
        }
        else if (_json.ValueTextEquals("thread_id"u8))
        {
            _thread = Text();
        }
        else if (_json.ValueTextEquals("run_id"u8))
        {
            _run = Text();
        }
        else if (_json.ValueTextEquals("type"u8))
        {
            _type = Text();
        }
        else if (_json.ValueTextEquals("attempt"u8))
        {
            _attempt = _json.Read() && _json.TokenType == JsonTokenType.Number && _json.TryGetInt32(out var attempt) && attempt >= 1
                ? attempt
                : null;
        }
    }

    private void ReadDataMember()
    {
        if (_json.ValueTextEquals("tool_name"u8))
        {
            _tool = Text();
        }
        else if (_json.ValueTextEquals("call_id"u8))
        {
            _call = Text();
        }
    }

    // Nothing that is longer than an identifier, even where each character is escaped, is worth a string.
    private string? Text()
    {
        const int EscapedChar = 6;
        if (!_json.Read() || _json.TokenType != JsonTokenType.String)
        {
            return null;
        }

        var length = _json.HasValueSequence ? _json.ValueSequence.Length : _json.ValueSpan.Length;
        return length <= EscapedChar * ProtocolConstants.MaxIdentifierBytes ? _json.GetString() : null;
    }
}

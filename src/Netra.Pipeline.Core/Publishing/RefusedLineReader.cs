using System.Buffers;
using System.Text.Json;
using Netra.Pipeline.Contexts;
using Netra.Pipeline.Failures;
using Netra.Pipeline.Protocol;

namespace Netra.Pipeline.Publishing;

/// <summary>
/// Finds out whom an event was for that is refused for its length, from its beginning, and what it was. What is not there, or not as it
/// should be, is passed over: the event is refused in any case.
/// </summary>
internal ref struct RefusedLineReader
{
    private Utf8JsonReader _json;
    private string? _user;
    private string? _thread;
    private string? _run;
    private string? _type;
    private string? _tool;
    private string? _call;

    private RefusedLineReader(in ReadOnlySequence<byte> beginning)
        => _json = new Utf8JsonReader(
            beginning, isFinalBlock: false, new JsonReaderState(new JsonReaderOptions { MaxDepth = ProtocolConstants.MaxDepth }));

    /// <summary>Reads what it can.</summary>
    /// <param name="beginning">The event, or as much as there is of it.</param>
    public static (FailureScope Scope, RefusedEvent Event) Read(in ReadOnlySequence<byte> beginning)
    {
        var reader = new RefusedLineReader(beginning);
        try
        {
            reader.ReadMembers();
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            // It is no JSON from here on, or no Unicode: what came before is known.
        }

        var type = EventTypes.TryParse(reader._type ?? string.Empty, out var known) ? EventTypes.WireName(known) : null;
        return (ScopeOf(reader._user, reader._thread, reader._run), new RefusedEvent(type, Valid(reader._tool), Valid(reader._call)));
    }

    /// <summary>The scope of a refusal. An id that is not valid itself must not get into logs, nor be looked up among the users.</summary>
    public static FailureScope ScopeOf(PublishTarget target) => ScopeOf(target.UserId, target.ThreadId, target.RunId);

    private static FailureScope ScopeOf(string? user, string? thread, string? run)
        => new(EventPublisher.Operation, IdentifierRules.ProblemOfUser(user) is null ? user : null, Valid(thread), Valid(run));

    private static string? Valid(string? id) => IdentifierRules.ProblemOf(id, "it") is null ? id : null;

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

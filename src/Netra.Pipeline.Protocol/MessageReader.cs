using System.Text.Json;
using System.Text.Unicode;

namespace Netra.Pipeline.Protocol;

/// <summary>
/// Walks over the members of one message, and says which member is wrong, how, and what is allowed. Callers read to the end with
/// <see cref="Next"/>: only then the whole message is known to be well-formed.
/// </summary>
internal ref struct MessageReader
{
    private Utf8JsonReader _json;
    private bool _typeSeen;

    public MessageReader(ReadOnlySpan<byte> utf8)
    {
        // The JSON reader looks into strings only when they are fetched; members that nobody fetches must be text too.
        if (!Utf8.IsValid(utf8))
        {
            throw new ProtocolViolationException("the message is not valid UTF-8");
        }

        _json = new Utf8JsonReader(utf8, new JsonReaderOptions { MaxDepth = ProtocolConstants.MaxDepth });
        if (!_json.Read() || _json.TokenType != JsonTokenType.StartObject)
        {
            throw new ProtocolViolationException("the message must be one JSON object");
        }
    }

    /// <summary>Whether the value is null, which for a member that may be absent means that it is.</summary>
    public readonly bool IsNull => _json.TokenType == JsonTokenType.Null;

    /// <summary>Whether the value is an object.</summary>
    public readonly bool IsObject => _json.TokenType == JsonTokenType.StartObject;

    /// <summary>Finds <c>type</c>, wherever it is, without moving; the copy it returns is on its value.</summary>
    public readonly Utf8JsonReader FindType()
    {
        var ahead = _json;
        while (ahead.Read() && ahead.TokenType == JsonTokenType.PropertyName)
        {
            var found = ahead.ValueTextEquals("type"u8);
            ahead.Read();
            if (found)
            {
                if (ahead.TokenType != JsonTokenType.String)
                {
                    throw new ProtocolViolationException("'type' must be a string");
                }

                if (ahead.ValueIsEscaped)
                {
                    Text(ahead, "type");
                }

                return ahead;
            }

            ahead.Skip();
        }

        throw new ProtocolViolationException("the message needs 'type'");
    }

    /// <summary>Goes to the next member other than <c>type</c>; at the end of the message, makes sure that nothing follows it.</summary>
    public bool Next()
    {
        while (_json.Read() && _json.TokenType == JsonTokenType.PropertyName)
        {
            if (!_json.ValueTextEquals("type"u8))
            {
                return true;
            }

            RequireFirst("type", _typeSeen);
            _typeSeen = true;
            _json.Read();
            _json.Skip();
        }

        // Anything but white space after the object makes the JSON reader throw.
        _json.Read();
        return false;
    }

    /// <summary>Whether the member has this name; if so, the reader goes on to its value.</summary>
    public bool Is(ReadOnlySpan<byte> name) => _json.ValueTextEquals(name) && _json.Read();

    /// <summary>Whether the member has this name; the reader stays on it.</summary>
    public readonly bool IsName(ReadOnlySpan<byte> name) => _json.ValueTextEquals(name);

    /// <summary>Passes over a member, name and value, that nobody asked for.</summary>
    public void Skip()
    {
        _json.Read();
        _json.Skip();
    }

    /// <summary>The integer the reader is on; <paramref name="previous"/> is what the member had before.</summary>
    public readonly long Integer(string member, long? previous, long min, long max = ProtocolConstants.MaxSeq)
    {
        RequireFirst(member, previous is not null);
        if (_json.TokenType != JsonTokenType.Number || !_json.TryGetInt64(out var value) || value < min || value > max)
        {
            throw new ProtocolViolationException($"'{member}' must be an integer from {min} to {max}");
        }

        return value;
    }

    /// <summary>The finite number the reader is on.</summary>
    public readonly double Number(string member, double? previous)
    {
        RequireFirst(member, previous is not null);
        if (_json.TokenType != JsonTokenType.Number || !_json.TryGetDouble(out var value) || !double.IsFinite(value))
        {
            throw new ProtocolViolationException($"'{member}' must be a finite number");
        }

        return value;
    }

    /// <summary>The truth value the reader is on.</summary>
    public readonly bool Boolean(string member, bool? previous)
    {
        RequireFirst(member, previous is not null);
        return _json.TokenType switch
        {
            JsonTokenType.True => true,
            JsonTokenType.False => false,
            _ => throw new ProtocolViolationException($"'{member}' must be true or false"),
        };
    }

    /// <summary>The string the reader is on.</summary>
    public readonly string String(string member, string? previous)
    {
        RequireFirst(member, previous is not null);
        return _json.TokenType == JsonTokenType.String
            ? Text(_json, member)
            : throw new ProtocolViolationException($"'{member}' must be a string");
    }

    /// <summary>The id of a client message the reader is on.</summary>
    public readonly string MessageId(string member, string? previous)
    {
        var id = String(member, previous);
        MessageIds.Require(id, member);
        return id;
    }

    /// <summary>The value the reader is on, whatever it is, detached from the message; the reader goes to its last token.</summary>
    public JsonElement Element(string member, JsonElement? previous)
    {
        RequireFirst(member, previous is not null);

        // Half a surrogate pair, escaped, passes the JSON reader and would fail whoever fetches the text later, far from here.
        var texts = _json;
        var end = _json;
        end.Skip();
        do
        {
            if (texts.TokenType is JsonTokenType.String or JsonTokenType.PropertyName && texts.ValueIsEscaped)
            {
                Text(texts, member);
            }
        }
        while (texts.TokenStartIndex < end.TokenStartIndex && texts.Read());

        return JsonElement.ParseValue(ref _json);
    }

    /// <summary>The integers of the object the reader is on; its other members are passed over, and the reader goes to its end.</summary>
    public Dictionary<string, long> Integers(string member, IReadOnlyDictionary<string, long>? previous)
    {
        RequireFirst(member, previous is not null);
        if (!IsObject)
        {
            throw new ProtocolViolationException($"'{member}' must be an object");
        }

        var integers = new Dictionary<string, long>(StringComparer.Ordinal);
        while (_json.Read() && _json.TokenType == JsonTokenType.PropertyName)
        {
            var name = Text(_json, member);
            _json.Read();
            if (_json.TokenType == JsonTokenType.Number && _json.TryGetInt64(out var value))
            {
                integers[name] = value;
            }

            _json.Skip();
        }

        return integers;
    }

    /// <summary>The string that a JSON reader is on.</summary>
    public static string Text(in Utf8JsonReader json, string member)
    {
        try
        {
            return json.GetString()!;
        }
        catch (InvalidOperationException e)
        {
            throw new ProtocolViolationException($"'{member}' has text that is not Unicode: an unpaired surrogate", e);
        }
    }

    /// <summary>What a member that must not be missing came to.</summary>
    public static T Required<T>(T? value, string type, string member)
        where T : class => value ?? throw Missing(type, member);

    /// <summary>What a member that must not be missing came to.</summary>
    public static T Required<T>(T? value, string type, string member)
        where T : struct => value ?? throw Missing(type, member);

    private static void RequireFirst(string member, bool seen)
    {
        if (seen)
        {
            throw new ProtocolViolationException($"'{member}' occurs twice");
        }
    }

    private static ProtocolViolationException Missing(string type, string member) => new($"'{type}' needs '{member}'");
}

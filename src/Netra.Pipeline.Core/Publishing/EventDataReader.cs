using System.Text.Json;
using Netra.Pipeline.Emission;
using Netra.Pipeline.Protocol;

namespace Netra.Pipeline.Publishing;

/// <summary>
/// Checks an event's data against <see cref="EventDataRules"/>, in one pass and without a document. Members that are not listed pass through, but all text must be Unicode: half a
/// surrogate pair, escaped, would fail in the page that fetches it, far from here. The first thing that is wrong is told, not thrown: a
/// peer's mistakes must cost less than what is right.
/// </summary>
internal ref struct EventDataReader
{
    private static readonly string Types = string.Join(
        ", ", Enum.GetValues<EventType>().Where(static type => type != EventType.AgentStalled).Select(EventTypes.WireName));

    private const int MinLeaseMs = 1_000;
    private const int MaxLeaseMs = 86_400_000;

    private Utf8JsonReader _json;
    private string? _problem;

    private EventDataReader(ReadOnlySpan<byte> data)
        => _json = new Utf8JsonReader(data, new JsonReaderOptions { MaxDepth = ProtocolConstants.MaxDepth });

    /// <summary>Checks the type and the data of a request, and makes them ready to be emitted.</summary>
    /// <param name="request">The request.</param>
    /// <param name="problem">What is not as section 3.1 asks for (<c>invalid_event</c>); null when all is.</param>
    public static PublishedData Read(in PublishRequest request, out string? problem)
    {
        if (request.Type is not { } type || type == EventType.AgentStalled)
        {
            problem = PublishRequest.ProblemOf("type", ProblemOfType(request));
            return default;
        }

        var members = EventDataRules.Of(type);
        var data = request.Data.IsEmpty ? "{}"u8.ToArray() : CompactJson.From(request.Data);
        var reader = new EventDataReader(data.Span);
        var seen = reader.ReadData(members);
        problem = reader._problem;
        return problem is not null ? default : new PublishedData(type, data, IsToBeAdded("metadata"), IsToBeAdded("timestamp"))
        {
            Subject = EventSubjectReader.Read(type, data.Span),
        };

        bool IsToBeAdded(string name)
        {
            var index = Array.FindIndex(members, member => member.Name == name);
            return index >= 0 && (seen & (1u << index)) == 0;
        }
    }

    private static string ProblemOfType(in PublishRequest request)
        => request.Type == EventType.AgentStalled ? "must not be agent_stalled: only the server says that"
        : request.HasType ? $"must be one of {Types}"
        : $"is missing; it must be one of {Types}";

    private uint ReadData(DataMember[] members)
    {
        _json.Read();
        return ReadObject(members, "data");
    }

    // Returns a bit for each listed member that was there. Begins on the object's start and ends on its end.
    private uint ReadObject(DataMember[] members, string path)
    {
        var seen = 0u;
        while (_json.Read() && _json.TokenType == JsonTokenType.PropertyName)
        {
            RequireUnicode(path);
            var index = _problem is null ? IndexOf(members) : -1;
            _json.Read();
            if (index >= 0)
            {
                if ((seen & (1u << index)) != 0)
                {
                    Refuse($"{path}.{members[index].Name}", "occurs twice");
                }

                seen |= 1u << index;
                RequireUnicode(path);
                if (_problem is null)
                {
                    Check(members[index], path);
                }
            }

            SkipValue(path);
        }

        for (var i = 0; i < members.Length; i++)
        {
            if (members[i].Presence == DataPresence.Required && (seen & (1u << i)) == 0)
            {
                Refuse($"{path}.{members[i].Name}", "is missing");
            }
        }

        return seen;
    }

    private readonly int IndexOf(DataMember[] members)
    {
        for (var i = 0; i < members.Length; i++)
        {
            if (_json.ValueTextEquals(members[i].Utf8Name))
            {
                return i;
            }
        }

        return -1;
    }

    private void Check(DataMember member, string path)
    {
        var token = _json.TokenType;
        if (token == JsonTokenType.Null && member.Presence == DataPresence.Optional)
        {
            return;
        }

        var problem = member.Kind switch
        {
            DataKind.Any => null,
            DataKind.Text => token == JsonTokenType.String ? null : "must be a string",
            DataKind.Name => token == JsonTokenType.String && !_json.ValueSpan.IsEmpty ? null : "must be a string that is not empty",
            DataKind.Object => token == JsonTokenType.StartObject ? null : "must be an object",
            DataKind.Number => IsFinite(out _) ? null : "must be a finite number",
            DataKind.Duration => IsFinite(out var value) && value >= 0 ? null : "must be a finite number that is not negative",
            DataKind.Lease => IsFinite(out var lease) && lease is >= MinLeaseMs and <= MaxLeaseMs ? null : $"must be a number from {MinLeaseMs} to {MaxLeaseMs}",
            DataKind.Outcome => IsOutcome() ? null : "must be ok, failed or cancelled",
            DataKind.Error => token == JsonTokenType.StartObject ? null : "must be an object with code and message",
            _ => throw new InvalidOperationException($"Kind {member.Kind} is not mapped."),
        };
        if (problem is not null)
        {
            Refuse($"{path}.{member.Name}", problem);
        }
        else if (member.Kind == DataKind.Error)
        {
            ReadObject(EventDataRules.Error, $"{path}.{member.Name}");
        }
    }

    private readonly bool IsFinite(out double value)
    {
        value = 0;
        return _json.TokenType == JsonTokenType.Number && _json.TryGetDouble(out value) && double.IsFinite(value);
    }

    private readonly bool IsOutcome() => _json.TokenType == JsonTokenType.String
        && (_json.ValueTextEquals("ok"u8) || _json.ValueTextEquals("failed"u8) || _json.ValueTextEquals("cancelled"u8));

    private void SkipValue(string path)
    {
        RequireUnicode(path);
        if (_json.TokenType is JsonTokenType.StartObject or JsonTokenType.StartArray)
        {
            var depth = _json.CurrentDepth;
            while (_json.Read() && _json.CurrentDepth > depth)
            {
                RequireUnicode(path);
            }
        }
    }

    private void RequireUnicode(string path)
    {
        // Most escapes are quotes and line ends; only those that may be surrogates are worth decoding the text.
        if (!_json.ValueIsEscaped || (_json.ValueSpan.IndexOf("\\ud"u8) < 0 && _json.ValueSpan.IndexOf("\\uD"u8) < 0))
        {
            return;
        }

        try
        {
            _json.GetString();
        }
        catch (InvalidOperationException)
        {
            Refuse(path, "has text that is not Unicode: an unpaired surrogate");
        }
    }

    private void Refuse(string member, string problem) => _problem ??= PublishRequest.ProblemOf(member, problem);
}

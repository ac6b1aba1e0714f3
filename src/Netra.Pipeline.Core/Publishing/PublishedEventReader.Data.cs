using System.Text;
using System.Text.Json;
using Netra.Pipeline.Emission;
using Netra.Pipeline.Events;
using Netra.Pipeline.Protocol;

namespace Netra.Pipeline.Publishing;

/// <content>
/// The data of an event: checked against <see cref="EventDataRules"/>. Members that are not listed pass through, but all text must be
/// Unicode: half a surrogate pair, escaped, would fail only in the client that reads it.
/// </content>
internal ref partial struct PublishedEventReader
{
    private const int MinLeaseMs = 1_000;
    private const int MaxLeaseMs = 86_400_000;
    private const int MaxLinkChars = 2_048;

    // The year 9999.
    private const double MaxSeconds = 253_402_300_799;

    private void ReadDataOf(EventType type, ReadOnlyMemory<byte> utf8)
    {
        var members = EventDataRules.Of(type);
        _compact = new CompactJson(utf8, (int)_json.TokenStartIndex);
        _compact.Add(_json);
        var seen = ReadObject(members, "data");
        var (addMetadata, addTimestamp) = (false, false);
        for (var i = 0; i < members.Length; i++)
        {
            var isToBeAdded = members[i].Presence == DataPresence.Added && (seen & (1u << i)) == 0;
            addMetadata |= isToBeAdded && members[i].Kind == DataKind.Object;
            addTimestamp |= isToBeAdded && members[i].Kind == DataKind.Number;
        }

        _data = new PublishedData(type, _compact.Finish(), addMetadata, addTimestamp)
        {
            Subject = new EventSubject(_subject, _callId, _lease, _begins),
        };
    }

    private void ReadUntil()
    {
        var isRead = false;
        while (_json.Read() && _json.TokenType == JsonTokenType.PropertyName)
        {
            var isUntil = !isRead && IsUntil();
            _json.Read();
            if (isUntil)
            {
                isRead = true;
                _until = _json.TokenType == JsonTokenType.Number && _json.TryGetDouble(out var seconds) && seconds is >= 0 and < MaxSeconds
                    ? DateTimeOffset.UnixEpoch.AddSeconds(seconds)
                    : null;
            }

            _json.Skip();
        }
    }

    private bool IsUntil()
    {
        try
        {
            return _json.ValueTextEquals("until"u8);
        }
        catch (InvalidOperationException)
        {
            Refuse("data", NotUnicode);
            return false;
        }
    }

    // An event without data lacks the first member that it must have.
    private void RequireMembers()
    {
        if (_type is { } type)
        {
            Require(EventDataRules.Of(type), seen: 0, "data");
        }
    }

    // Returns a bit for each listed member that was there. Begins on the object's start and ends on its end.
    private uint ReadObject(DataMember[] members, string path)
    {
        var seen = 0u;
        while (ReadInData() && _json.TokenType == JsonTokenType.PropertyName)
        {
            RequireUnicode(path);
            var index = _invalid is null ? IndexOf(members) : -1;
            ReadInData();
            if (index >= 0)
            {
                if ((seen & (1u << index)) != 0)
                {
                    RefuseData(path, members[index], "occurs twice");
                }

                seen |= 1u << index;
                RequireUnicode(path);
                if (_invalid is null)
                {
                    Check(members[index], path);
                }
            }

            SkipValue(path);
        }

        Require(members, seen, path);
        return seen;
    }

    private void Require(DataMember[] members, uint seen, string path)
    {
        for (var i = 0; i < members.Length; i++)
        {
            if (members[i].Presence == DataPresence.Required && (seen & (1u << i)) == 0)
            {
                RefuseData(path, members[i], "is missing");
            }
        }
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
            DataKind.Text or DataKind.CallId => token == JsonTokenType.String ? null : "must be a string",
            DataKind.Name or DataKind.Subject =>
                token == JsonTokenType.String && !_json.ValueSpan.IsEmpty ? null : "must be a string that is not empty",
            DataKind.Object => token == JsonTokenType.StartObject ? null : "must be an object",
            DataKind.Number => IsFinite(out _) ? null : "must be a finite number",
            DataKind.Duration => IsFinite(out var value) && value >= 0 ? null : "must be a finite number that is not negative",
            DataKind.Lease => IsFinite(out var lease) && lease is >= MinLeaseMs and <= MaxLeaseMs
                ? null
                : $"must be a number from {MinLeaseMs} to {MaxLeaseMs}",
            DataKind.Outcome => IsOutcome() ? null : "must be ok, failed or cancelled",
            DataKind.Error => token == JsonTokenType.StartObject ? null : "must be an object with code and message",
            DataKind.Attempt => IsAttempt(out _) ? null : NoAttempt,
            DataKind.Count => IsInteger(out var count) && count is >= 0 and <= ProtocolConstants.MaxSeq
                ? null
                : $"must be an integer from 0 to {ProtocolConstants.MaxSeq}",
            DataKind.Link => IsLink()
                ? null
                : $"must be an http or https URL, or a path that begins with one '/', of at most {MaxLinkChars} characters",
            DataKind.ResultRef => token == JsonTokenType.StartObject ? null : "must be an object with url",
            DataKind.Usage => token == JsonTokenType.StartObject ? null : "must be an object",
            DataKind.Identifier => IsIdentifier()
                ? null
                : $"must be a string of 1 to {ProtocolConstants.MaxIdentifierBytes} bytes of UTF-8",
            DataKind.RequestKind => IsRequestKind() ? null : "must be approval, choice, text or external",
            DataKind.Options => token == JsonTokenType.StartArray ? null : "must be an array of texts",
            DataKind.Time => IsFinite(out var seconds) && seconds is >= 0 and < MaxSeconds ? null : "must be a Unix time in seconds",
            _ => throw new InvalidOperationException($"Kind {member.Kind} is not mapped."),
        };
        if (problem is not null)
        {
            RefuseData(path, member, problem);
            return;
        }

        Take(member.Kind);
    }

    // What the order of the run's events depends on is kept.
    private void Take(DataKind kind)
    {
        switch (kind)
        {
            case DataKind.Subject:
                _subject = _json.GetString();
                break;
            case DataKind.CallId:
                _callId = _json.GetString();
                break;
            case DataKind.Lease:
                _lease = TimeSpan.FromMilliseconds(_json.GetDouble());
                break;
            case DataKind.Attempt:
                _begins = _json.GetInt32();
                break;
            case DataKind.Error:
                ReadObject(EventDataRules.Error, "data.error");
                break;
            case DataKind.ResultRef:
                ReadObject(EventDataRules.ResultRef, "data.result_ref");
                break;
            case DataKind.Usage:
                ReadObject(EventDataRules.TokenUsage, "data.usage");
                break;
            default:
                break;
        }
    }

    private readonly bool IsFinite(out double value)
    {
        value = 0;
        return _json.TokenType == JsonTokenType.Number && _json.TryGetDouble(out value) && double.IsFinite(value);
    }

    private readonly bool IsInteger(out long value)
    {
        value = 0;
        return _json.TokenType == JsonTokenType.Number && _json.TryGetInt64(out value);
    }

    // A page follows it: nothing but the web, and nothing that begins with two slashes, which is another host.
    private readonly bool IsLink()
    {
        if (_json.TokenType != JsonTokenType.String || _json.GetString() is not { Length: > 0 and <= MaxLinkChars } link)
        {
            return false;
        }

        return link[0] == '/'
            ? link is not ['/', '/' or '\\', ..] && !link.AsSpan().ContainsAnyInRange('\0', ' ')
            : Uri.TryCreate(link, UriKind.Absolute, out var uri) && (uri.Scheme == Uri.UriSchemeHttp || uri.Scheme == Uri.UriSchemeHttps);
    }

    private readonly bool IsOutcome() => _json.TokenType == JsonTokenType.String
        && (_json.ValueTextEquals("ok"u8) || _json.ValueTextEquals("failed"u8) || _json.ValueTextEquals("cancelled"u8));

    private readonly bool IsIdentifier()
    {
        if (_json.TokenType != JsonTokenType.String || _json.ValueSpan.IsEmpty)
        {
            return false;
        }

        var bytes = _json.ValueIsEscaped ? Encoding.UTF8.GetByteCount(_json.GetString()!) : _json.ValueSpan.Length;
        return bytes <= ProtocolConstants.MaxIdentifierBytes;
    }

    private readonly bool IsRequestKind() => _json.TokenType == JsonTokenType.String
        && (_json.ValueTextEquals("approval"u8) || _json.ValueTextEquals("choice"u8)
            || _json.ValueTextEquals("text"u8) || _json.ValueTextEquals("external"u8));

    private void SkipValue(string path)
    {
        RequireUnicode(path);
        if (_json.TokenType is JsonTokenType.StartObject or JsonTokenType.StartArray)
        {
            var depth = _json.CurrentDepth;
            while (ReadInData() && _json.CurrentDepth > depth)
            {
                RequireUnicode(path);
            }
        }
    }

    private bool ReadInData()
    {
        if (!_json.Read())
        {
            return false;
        }

        _compact.Add(_json);
        return true;
    }

    private void RequireUnicode(string path)
    {
        // Most escapes are quotes and line ends; only those that may be surrogates are worth decoding the text.
        if (!_json.ValueIsEscaped || _invalid is not null
            || (_json.ValueSpan.IndexOf("\\ud"u8) < 0 && _json.ValueSpan.IndexOf("\\uD"u8) < 0))
        {
            return;
        }

        try
        {
            _json.GetString();
        }
        catch (InvalidOperationException)
        {
            _invalid = PublishedEvent.ProblemOf(path, NotUnicode);
        }
    }

    private void RefuseData(string path, DataMember member, string problem)
        => _invalid ??= PublishedEvent.ProblemOf($"{path}.{member.Name}", problem);
}

using System.Text.Json;
using Netra.Pipeline.Events;
using Netra.Pipeline.Protocol;

namespace Netra.Pipeline.Emission;

/// <summary>Which events name their thread (docs/protocol.md, section 3.1), and how. Pure functions.</summary>
internal static class ThreadTitles
{
    // A list of threads has many of them.
    private const int MaxChars = 256;
    private const int MaxMessageChars = 80;
    private const string Name = "title";

    /// <summary>The thread of an event of the application's own.</summary>
    /// <param name="threadId">The thread.</param>
    /// <param name="name">What kind of event it is.</param>
    /// <param name="text">Its value, if it is a text.</param>
    public static EventThread OfCustom(string threadId, string? name, string? text)
        => new(threadId) { Title = name == Name ? Beginning(text, MaxChars) : null };

    /// <summary>The thread of something that the user has said.</summary>
    public static EventThread OfMessage(string threadId, string content)
        => new(threadId) { Title = Beginning(content, MaxMessageChars), IsMakeshift = true };

    /// <summary>The thread of an event whose data is encoded.</summary>
    public static EventThread OfEncoded(string threadId, in PublishedData data)
    {
        if (data.Type != EventType.Custom)
        {
            return new EventThread(threadId);
        }

        string? name = null, text = null;
        var json = new Utf8JsonReader(data.Json.Span, new JsonReaderOptions { MaxDepth = ProtocolConstants.MaxDepth });
        json.Read();
        while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
        {
            var (isName, isValue) = (json.ValueTextEquals("name"u8), json.ValueTextEquals("value"u8));
            json.Read();
            if (isName)
            {
                name = json.TokenType == JsonTokenType.String ? json.GetString() : null;
            }
            else if (isValue)
            {
                text = json.TokenType == JsonTokenType.String ? json.GetString() : null;
            }

            json.Skip();
        }

        return OfCustom(threadId, name, text);
    }

    // A text without words names nothing.
    private static string? Beginning(string? text, int max)
    {
        var words = text.AsSpan().Trim();
        if (words.Length > max)
        {
            words = words[..(char.IsHighSurrogate(words[max - 1]) ? max - 1 : max)].TrimEnd();
        }

        return words.IsEmpty ? null : words.ToString();
    }
}

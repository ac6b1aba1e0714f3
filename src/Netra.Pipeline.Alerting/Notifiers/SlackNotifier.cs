using System.Diagnostics;
using System.Text.Json;
using Microsoft.Extensions.Options;

namespace Netra.Pipeline.Alerting.Notifiers;

/// <summary>The channel <c>slack</c>: an incoming webhook, which takes one message a second. Stateless.</summary>
internal sealed class SlackNotifier(IOptions<SlackOptions> options, ChannelHttp http) : INotifier
{
    // Limits of blocks, in characters.
    private const int MaxHeader = 150;
    private const int MaxSection = 3_000;
    private const int MaxField = 2_000;

    private readonly Uri _url = new(options.Value.Url!);

    public string Name => "slack";

    public TimeSpan MinInterval => TimeSpan.FromSeconds(1);

    public Task NotifyAsync(AlertNotification notification, CancellationToken cancellationToken)
        => http.PostAsync(new ChannelPost(_url, ChannelJson.Encode(json => Write(json, notification))), cancellationToken);

    private static void Write(Utf8JsonWriter json, AlertNotification notification)
    {
        var head = $"{MarkOf(notification.Severity)} {ChannelText.StatusOf(notification.Kind)}: {notification.Summary}";
        json.WriteStartObject();
        json.WriteString("text", Escape(head, MaxSection));
        json.WriteStartArray("blocks");
        json.WriteStartObject();
        json.WriteString("type", "header");
        WriteText(json, "plain_text", ChannelText.Cut(head, MaxHeader));
        json.WriteEndObject();
        if (!string.IsNullOrWhiteSpace(notification.Description))
        {
            json.WriteStartObject();
            json.WriteString("type", "section");
            WriteText(json, "mrkdwn", Escape(notification.Description, MaxSection));
            json.WriteEndObject();
        }

        WriteFacts(json, notification);
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void WriteFacts(Utf8JsonWriter json, AlertNotification notification)
    {
        json.WriteStartObject();
        json.WriteString("type", "section");
        json.WriteStartArray("fields");
        foreach (var (name, text) in ChannelText.FactsOf(notification))
        {
            json.WriteStartObject();
            json.WriteString("type", "mrkdwn");
            json.WriteString("text", $"*{name}*\n{Escape(text, MaxField - name.Length - 3)}");
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void WriteText(Utf8JsonWriter json, string type, string text)
    {
        json.WriteStartObject("text");
        json.WriteString("type", type);
        json.WriteString("text", text);
        json.WriteEndObject();
    }

    // Text is cut before it is escaped, so that no escape is cut in two; the limit is that of the escaped text.
    private static string Escape(string text, int limit)
    {
        var escaped = EscapeAll(text);
        if (escaped.Length <= limit)
        {
            return escaped;
        }

        var (length, end) = (LengthOf(text[0]), 0);
        while (length < limit)
        {
            length += LengthOf(text[++end]);
        }

        return EscapeAll(ChannelText.Cut(text, end + 1));
    }

    private static int LengthOf(char letter) => letter switch
    {
        '&' => "&amp;".Length,
        '<' or '>' => "&lt;".Length,
        _ => 1,
    };

    private static string EscapeAll(string text)
        => text
            .Replace("&", "&amp;", StringComparison.Ordinal)
            .Replace("<", "&lt;", StringComparison.Ordinal)
            .Replace(">", "&gt;", StringComparison.Ordinal);

    private static string MarkOf(AlertSeverity severity) => severity switch
    {
        AlertSeverity.Low => "⚪",
        AlertSeverity.Medium => "🟡",
        AlertSeverity.High => "🟠",
        AlertSeverity.Critical => "🔴",
        _ => throw new UnreachableException($"Severity {severity} has no mark."),
    };
}

/// <summary>The channel <c>slack</c>: an incoming webhook. Configuration section <c>Netra:Alerting:Slack</c>.</summary>
public sealed class SlackOptions
{
    /// <summary>
    /// The webhook, which is a secret: an absolute <c>https</c> URL, or an <c>http</c> one of this machine. Default none: there is no such
    /// channel.
    /// </summary>
    public string? Url { get; set; }
}

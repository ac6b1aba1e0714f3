using System.Diagnostics;
using System.Globalization;
using System.Text;

namespace Netra.Pipeline.Alerting.Notifiers;

/// <summary>The texts of messages to channels. Stateless.</summary>
internal static class ChannelText
{
    /// <summary>Cuts a text to a number of UTF-16 units, with an ellipsis at its end. No surrogate pair is cut in two.</summary>
    public static string Cut(string text, int limit)
    {
        if (text.Length <= limit)
        {
            return text;
        }

        var end = limit - 1;
        return string.Concat(text.AsSpan(0, char.IsHighSurrogate(text[end - 1]) ? end - 1 : end), "…");
    }

    /// <summary>ISO 8601 in UTC, to the millisecond.</summary>
    public static string Iso(DateTimeOffset at) => at.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ss.fffZ", CultureInfo.InvariantCulture);

    /// <summary>The state of a notification's incident, in capitals, for the head of a message.</summary>
    public static string StatusOf(NotificationKind kind) => kind switch
    {
        NotificationKind.Trigger => "FIRING",
        NotificationKind.Escalate => "ESCALATED",
        NotificationKind.Acknowledge => "ACKNOWLEDGED",
        NotificationKind.Resolve => "RESOLVED",
        _ => throw new UnreachableException($"Kind {kind} has no status."),
    };

    /// <summary>The facts of a notification, as pairs of name and text, the most important first.</summary>
    public static IEnumerable<(string Name, string Text)> FactsOf(AlertNotification notification)
    {
        yield return ("Rule", notification.RuleName);
        yield return ("Severity", AlertNames.Of(notification.Severity));
        yield return ("Level", AlertNames.Of(notification.Level));
        yield return ("Since", Iso(notification.StartsAt));
        if (notification.EndsAt is { } endsAt)
        {
            yield return ("Until", Iso(endsAt));
        }

        if (notification.AcknowledgedBy is { } author)
        {
            yield return ("Acknowledged by", author);
        }

        if (ValueOf(notification) is { } value)
        {
            yield return ("Value", value);
        }

        if (notification.Labels.Count > 0)
        {
            yield return ("Labels", LabelsOf(notification));
        }
    }

    private static string? ValueOf(AlertNotification notification) => (notification.Value, notification.Threshold) switch
    {
        ({ } value, { } threshold) => string.Create(CultureInfo.InvariantCulture, $"{value} (threshold {threshold})"),
        ({ } value, null) => value.ToString(CultureInfo.InvariantCulture),
        (null, { } threshold) => string.Create(CultureInfo.InvariantCulture, $"none (threshold {threshold})"),
        _ => null,
    };

    private static string LabelsOf(AlertNotification notification)
    {
        var text = new StringBuilder();
        foreach (var (name, value) in notification.Labels.OrderBy(static label => label.Key, StringComparer.Ordinal))
        {
            text.Append(text.Length == 0 ? string.Empty : ", ").Append(name).Append('=').Append(value);
        }

        return text.ToString();
    }
}

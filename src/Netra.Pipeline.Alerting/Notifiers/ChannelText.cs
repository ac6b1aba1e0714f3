using System.Globalization;
using System.Text;

namespace Netra.Pipeline.Alerting.Notifiers;

/// <summary>Text as channels take it.</summary>
internal static class ChannelText
{
    /// <summary>Text of at most so many UTF-16 units, with an ellipsis where it was cut. No surrogate pair is cut in two.</summary>
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

    /// <summary>The facts of a notification, as lines of name and text, in the order in which people want them.</summary>
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

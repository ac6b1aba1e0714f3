namespace Netra.Pipeline.Alerting.Notifiers;

/// <summary>An alert of an Alertmanager, which identifies it by its labels. Immutable.</summary>
/// <param name="Labels">Its labels.</param>
/// <param name="Summary">One line for people.</param>
/// <param name="Description">What it means and what to do.</param>
/// <param name="StartsAt">Since when it fires.</param>
internal sealed record AlertmanagerAlert(
    IReadOnlyDictionary<string, string> Labels, string Summary, string Description, DateTimeOffset StartsAt)
{
    /// <summary>The longest text: an Alertmanager has no limit of its own, but keeps its alerts in memory.</summary>
    private const int MaxText = 4_096;

    /// <summary>The operator who has acknowledged it.</summary>
    public string? AcknowledgedBy { get; init; }

    /// <summary>When it was resolved; null while it fires.</summary>
    public DateTimeOffset? EndsAt { get; init; }

    /// <summary>The alert of a notification.</summary>
    public static AlertmanagerAlert Of(AlertNotification notification)
    {
        var labels = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (name, value) in notification.Labels)
        {
            labels[NameOf(name)] = ChannelText.Cut(value, MaxText);
        }

        // These labels replace those of the rule with the same names.
        labels["alertname"] = notification.RuleName;
        labels["severity"] = AlertNames.Of(notification.Severity);
        labels["level"] = AlertNames.Of(notification.Level);
        labels["incident"] = notification.IncidentKey;
        return new AlertmanagerAlert(
            labels,
            ChannelText.Cut(notification.Summary, MaxText),
            ChannelText.Cut(notification.Description, MaxText),
            notification.StartsAt)
        {
            AcknowledgedBy = notification.AcknowledgedBy,
        };
    }

    /// <summary>Whether an Alertmanager takes both for the same alert.</summary>
    public bool IsSameAs(AlertmanagerAlert other)
        => Labels.Count == other.Labels.Count
            && Labels.All(label => other.Labels.TryGetValue(label.Key, out var value) && value == label.Value);

    // Letters, digits and underscores, and no digit first.
    private static string NameOf(string name)
    {
        var letters = string.Concat(name.Select(static c => char.IsAsciiLetterOrDigit(c) ? c : '_'));
        return letters.Length == 0 || char.IsAsciiDigit(letters[0]) ? $"_{letters}" : letters;
    }
}

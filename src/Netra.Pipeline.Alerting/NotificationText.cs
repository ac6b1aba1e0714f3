using System.Globalization;

namespace Netra.Pipeline.Alerting;

/// <summary>What people read of alerts. Stateless.</summary>
internal static class NotificationText
{
    private const int MaxLabels = 10;

    /// <summary>One alert in one line.</summary>
    public static string Summary(Alert alert)
    {
        var label = alert is { LabelName: not null, Label: not null } ? $" ({alert.LabelName} {alert.Label})" : string.Empty;
        var value = alert.Value is { } number
            ? string.Create(CultureInfo.InvariantCulture, $": {number:0.####}, threshold {alert.Threshold:0.####}")
            : string.Empty;
        return alert.Summary + label + value;
    }

    /// <summary>All alerts of an incident in one line: the first one, and how many there are more.</summary>
    public static string Summary(IReadOnlyList<Alert> alerts)
        => alerts.Count == 1 ? Summary(alerts[0]) : $"{Summary(alerts[0])}, and {alerts.Count - 1} more";

    /// <summary>The labels of all alerts of an incident; those of one name together, and not more than can be read.</summary>
    public static IReadOnlyDictionary<string, string> Labels(IReadOnlyList<Alert> alerts)
    {
        var labels = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var group in alerts.SelectMany(static alert => alert.Labels()).GroupBy(static label => label.Key, static label => label.Value, StringComparer.Ordinal))
        {
            var values = group.Distinct(StringComparer.Ordinal).ToList();
            labels[group.Key] = string.Join(", ", values.Take(MaxLabels)) + (values.Count > MaxLabels ? ", …" : string.Empty);
        }

        return labels;
    }
}

using System.Globalization;

namespace Netra.Pipeline.Alerting;

/// <summary>The texts and labels of notifications. Stateless.</summary>
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

    /// <summary>All alerts of an incident in one line: the first one, and the number of the others.</summary>
    public static string Summary(IReadOnlyList<Alert> alerts)
        => alerts.Count == 1 ? Summary(alerts[0]) : $"{Summary(alerts[0])}, and {alerts.Count - 1} more";

    /// <summary>
    /// The labels of all alerts of an incident: the values of one name in one text, of which only the first few are listed.
    /// </summary>
    public static IReadOnlyDictionary<string, string> Labels(IReadOnlyList<Alert> alerts)
    {
        var labels = new Dictionary<string, string>(StringComparer.Ordinal);
        var groups = alerts
            .SelectMany(static alert => alert.Labels())
            .GroupBy(static label => label.Key, static label => label.Value, StringComparer.Ordinal);
        foreach (var group in groups)
        {
            var values = group.Distinct(StringComparer.Ordinal).ToList();
            labels[group.Key] = string.Join(", ", values.Take(MaxLabels)) + (values.Count > MaxLabels ? ", …" : string.Empty);
        }

        return labels;
    }
}

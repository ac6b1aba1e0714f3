using System.Text.Json.Serialization;
using Netra.Pipeline.Monitoring.Operators;

namespace Netra.Pipeline.Alerting.Operators;

/// <summary>
/// An alert (docs/protocol.md, section 11.1). Value, threshold and level are null where there is none; what comes
/// after them is missing then.
/// </summary>
internal sealed record AlertDocument(
    string Id,
    string Name,
    string Severity,
    string State,
    double Since,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] double? Value,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] double? Threshold,
    IReadOnlyDictionary<string, string> Labels,
    string Summary,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] string? Level,
    string? AcknowledgedBy,
    double? AcknowledgedUntil,
    string? SilencedBy,
    double? ResolvedAt)
{
    public static AlertDocument Of(AlertView alert) => new(
        alert.Id,
        alert.Name,
        AlertNames.Of(alert.Severity),
        AlertNames.Of(alert.State),
        JsonAnswer.Seconds(alert.Since),
        Finite(alert.Value),
        Finite(alert.Threshold),
        alert.Labels,
        alert.Summary,
        alert.Level is { } level ? AlertNames.Of(level) : null,
        alert.AcknowledgedBy,
        alert is { AcknowledgedBy: not null, AcknowledgedUntil: { } until } ? JsonAnswer.Seconds(until) : null,
        alert.SilencedBy,
        alert.ResolvedAt is { } resolved ? JsonAnswer.Seconds(resolved) : null);

    // JSON has no infinity; a value that is one is so far above everything that its threshold says enough.
    private static double? Finite(double? value) => value is { } number && double.IsFinite(number) ? number : null;
}

internal sealed record AlertList(IReadOnlyList<AlertDocument> Alerts)
{
    public static AlertList Of(IEnumerable<AlertView> alerts) => new([.. alerts.Select(AlertDocument.Of)]);
}

/// <summary>A page of what became of alerts, and after which number the next one begins.</summary>
internal sealed record AlertHistoryPage(IReadOnlyList<AlertHistoryItem> History, long? Next);

internal sealed record AlertHistoryItem(long Number, double At, string What, string? AlertId, string? Name, string Detail)
{
    public static AlertHistoryItem Of(AlertHistoryEntry entry)
        => new(entry.Number, JsonAnswer.Seconds(entry.At), entry.What, entry.AlertId, entry.Name, entry.Detail);
}

/// <summary>A page of who changed or read what, and after which number the next one begins.</summary>
internal sealed record AuditPage(IReadOnlyList<AuditItem> Entries, long? Next);

internal sealed record AuditItem(long Number, double At, string Author, string Action, string Subject, string Detail)
{
    public static AuditItem Of(AuditRecord entry)
        => new(entry.Number, JsonAnswer.Seconds(entry.At), entry.Author, entry.Action, entry.Subject, entry.Detail);
}

/// <summary>An alert that was raised by hand.</summary>
internal sealed record RaisedAlert(string Id);

/// <summary>Acknowledges an alert.</summary>
internal sealed record AcknowledgeBody(string? Comment, double? TimeoutS) : OperatorBody
{
    public (string Comment, TimeSpan? Timeout) Read(BodyCheck check) => (
        check.Text("comment", Comment, AlertLimits.Comment, minChars: 0) ?? string.Empty,
        check.Seconds("timeout_s", TimeoutS, 1, EscalationPolicy.Longest.TotalSeconds));
}

/// <summary>Raises an alert by hand.</summary>
internal sealed record EmergencyAlertBody(string? Title, string? Message, string? Severity) : OperatorBody
{
    private const int MaxTitle = 200;
    private const int MaxMessage = 4000;

    public (string Title, string Message, AlertSeverity Severity) Read(BodyCheck check) => (
        check.NeededText("title", Title, MaxTitle),
        check.NeededText("message", Message, MaxMessage),
        check.NeededChoice<AlertSeverity>("severity", Severity, AlertNames.Of));
}

namespace Netra.Pipeline.Alerting;

/// <summary>An alert and the state of its incident, for display. Immutable.</summary>
/// <param name="Id">Its fingerprint: the same whenever the same rule holds for the same label.</param>
/// <param name="Name">Its rule; <c>emergency</c> when an operator raised it.</param>
/// <param name="Severity">How bad it is.</param>
/// <param name="State">Pending, firing or resolved.</param>
/// <param name="Since">Since when it is pending, or has fired.</param>
/// <param name="Summary">One line for people.</param>
/// <param name="Labels">The signal's label, such as the failure's code.</param>
public sealed record AlertView(
    string Id,
    string Name,
    AlertSeverity Severity,
    AlertState State,
    DateTimeOffset Since,
    string Summary,
    IReadOnlyDictionary<string, string> Labels)
{
    /// <summary>The latest value, in the signal's unit; null when there is none.</summary>
    public double? Value { get; init; }

    /// <summary>The value that the rule compares with.</summary>
    public double? Threshold { get; init; }

    /// <summary>The highest level that has been notified; null when none has.</summary>
    public EscalationLevel? Level { get; init; }

    /// <summary>The operator who has acknowledged it.</summary>
    public string? AcknowledgedBy { get; init; }

    /// <summary>Until when the acknowledgement counts.</summary>
    public DateTimeOffset? AcknowledgedUntil { get; init; }

    /// <summary>The id of the silence that matches it.</summary>
    public string? SilencedBy { get; init; }

    /// <summary>When it was resolved.</summary>
    public DateTimeOffset? ResolvedAt { get; init; }

    internal static AlertView Of(Alert alert, Incident? incident, AlertSilence? silence)
    {
        var open = alert.State == AlertState.Firing && incident is { EndsAt: null } ? incident : null;
        return new AlertView(
            alert.Id, alert.RuleName, alert.Severity, alert.State, alert.Since, NotificationText.Summary(alert), alert.Labels())
        {
            Value = alert.Value,
            Threshold = alert.Threshold,
            Level = alert.State == AlertState.Pending ? null : incident?.Level,
            AcknowledgedBy = open?.AcknowledgedBy,
            AcknowledgedUntil = open?.AcknowledgedUntil,
            SilencedBy = alert.State == AlertState.Resolved ? null : silence?.Id,
            ResolvedAt = alert.ResolvedAt,
        };
    }
}

namespace Netra.Pipeline.Alerting;

/// <summary>A notification about an incident, for one channel at one level. Immutable.</summary>
/// <param name="Id">Names this notification; the same for every try, so that a receiver recognizes a repetition.</param>
/// <param name="Kind">What has happened to the incident.</param>
/// <param name="IncidentKey">
/// Names the incident, the same from its trigger to its resolution and at every level; at most 255 characters.
/// </param>
/// <param name="RuleName">The rule that fires, such as <c>silent_failures</c>.</param>
/// <param name="Severity">How bad it is.</param>
/// <param name="Level">The level that is notified.</param>
/// <param name="Summary">One line for people.</param>
/// <param name="Description">What it means and what to do, for people.</param>
/// <param name="StartsAt">Since when the incident is open.</param>
/// <param name="At">When the notification was made.</param>
public sealed record AlertNotification(
    string Id,
    NotificationKind Kind,
    string IncidentKey,
    string RuleName,
    AlertSeverity Severity,
    EscalationLevel Level,
    string Summary,
    string Description,
    DateTimeOffset StartsAt,
    DateTimeOffset At)
{
    /// <summary>When the incident was resolved; only with <see cref="NotificationKind.Resolve"/>.</summary>
    public DateTimeOffset? EndsAt { get; init; }

    /// <summary>The operator who has acknowledged it; only with <see cref="NotificationKind.Acknowledge"/>.</summary>
    public string? AcknowledgedBy { get; init; }

    /// <summary>The labels of the alerts, such as the failure code. Bounded by the rules.</summary>
    public IReadOnlyDictionary<string, string> Labels { get; init; } = new Dictionary<string, string>(StringComparer.Ordinal);

    /// <summary>The value that made the alert fire; null when the alert is about a missing value.</summary>
    public double? Value { get; init; }

    /// <summary>The value it was compared with.</summary>
    public double? Threshold { get; init; }

    /// <summary>A notification that tests a channel.</summary>
    internal static AlertNotification ForTest(string channel, string author, DateTimeOffset now)
    {
        const string Test = "test";
        var id = $"{Test}-{Guid.NewGuid():N}"[..17];
        return new AlertNotification(
            id,
            NotificationKind.Trigger,
            id,
            Test,
            AlertSeverity.Low,
            EscalationLevel.Operations,
            "Test notification",
            $"{author} tests the channel {channel}. Nothing has happened, and nothing is to be done.",
            now,
            now);
    }
}

/// <summary>What has happened to the incident of a notification.</summary>
public enum NotificationKind
{
    /// <summary>It has begun, or has become worse.</summary>
    Trigger,

    /// <summary>It was not acknowledged in time, so the next level is notified.</summary>
    Escalate,

    /// <summary>An operator has acknowledged it.</summary>
    Acknowledge,

    /// <summary>It is resolved.</summary>
    Resolve,
}

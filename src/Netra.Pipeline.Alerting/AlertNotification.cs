namespace Netra.Pipeline.Alerting;

/// <summary>What is told of an incident, to one channel at one level. Immutable.</summary>
/// <param name="Id">Names this notification; the same for every try, so that a receiver can know it again.</param>
/// <param name="Kind">What it says.</param>
/// <param name="IncidentKey">Names the incident, the same from its trigger to its resolution and at every level; at most 255 characters.</param>
/// <param name="RuleName">The rule that fires, such as <c>silent_failures</c>.</param>
/// <param name="Severity">How bad it is.</param>
/// <param name="Level">Who is told.</param>
/// <param name="Summary">One line for people.</param>
/// <param name="Description">What it means and what to do, for people.</param>
/// <param name="StartsAt">Since when it fires.</param>
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
    /// <summary>When it was over; only with <see cref="NotificationKind.Resolve"/>.</summary>
    public DateTimeOffset? EndsAt { get; init; }

    /// <summary>Who has acknowledged it; only with <see cref="NotificationKind.Acknowledge"/>.</summary>
    public string? AcknowledgedBy { get; init; }

    /// <summary>What the alert's labels say, such as the failure code. Bounded by the rules.</summary>
    public IReadOnlyDictionary<string, string> Labels { get; init; } = new Dictionary<string, string>(StringComparer.Ordinal);

    /// <summary>The value that made it fire; null when the alert is that there is none.</summary>
    public double? Value { get; init; }

    /// <summary>The value it was compared with.</summary>
    public double? Threshold { get; init; }
}

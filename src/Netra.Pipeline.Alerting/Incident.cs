using System.Text.Json.Serialization;

namespace Netra.Pipeline.Alerting;

/// <summary>
/// An incident: all alerts of one rule that fire together, or one emergency alert. Notifications are about incidents. Immutable; it is
/// stored as JSON, whose members keep their names.
/// </summary>
/// <param name="Scope">The rule, or the id of the emergency alert. There is at most one incident of each.</param>
/// <param name="Key">Names it in notifications.</param>
/// <param name="RuleName">Its rule.</param>
/// <param name="Severity">How bad it is: the worst of its alerts until now.</param>
/// <param name="StartsAt">When it began.</param>
/// <param name="Policy">The policy by which it escalates.</param>
internal sealed record Incident(
    string Scope, string Key, string RuleName, AlertSeverity Severity, DateTimeOffset StartsAt, EscalationPolicy Policy)
{
    /// <summary>When it was resolved; null while it is open.</summary>
    public DateTimeOffset? EndsAt { get; init; }

    /// <summary>The index of the step that is due next.</summary>
    public int NextStep { get; init; }

    /// <summary>
    /// When the last step was taken. Moved forward when the incident opens again, so that the time in between does not count.
    /// </summary>
    public DateTimeOffset? LastStepAt { get; init; }

    /// <summary>The channels that were notified of it.</summary>
    [JsonPropertyName("told")]
    public IReadOnlyList<NotifiedChannel> NotifiedChannels { get; init; } = [];

    /// <summary>The highest level that was notified.</summary>
    public EscalationLevel? Level { get; init; }

    /// <summary>The operator who has acknowledged it.</summary>
    public string? AcknowledgedBy { get; init; }

    /// <summary>Until when the acknowledgement counts.</summary>
    public DateTimeOffset? AcknowledgedUntil { get; init; }

    /// <summary>How many notifications were made of it.</summary>
    public int Notifications { get; init; }

    /// <summary>The alert of the last notification: its texts are used when the incident's alerts are gone.</summary>
    [JsonPropertyName("last")]
    public Alert? LastAlert { get; init; }
}

/// <summary>A channel that was notified of an incident, at one level.</summary>
/// <param name="Channel">The channel.</param>
/// <param name="Level">The level.</param>
/// <param name="ResolvedAt">
/// When it was notified that the incident is resolved; null while its last notification says that it is open.
/// </param>
internal sealed record NotifiedChannel(string Channel, EscalationLevel Level, DateTimeOffset? ResolvedAt = null)
{
    /// <summary>Whether the channel's last notification says that the incident is open.</summary>
    [JsonIgnore]
    public bool IsOpen => ResolvedAt is null;
}

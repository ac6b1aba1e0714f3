namespace Netra.Pipeline.Alerting;

/// <summary>An alert: a rule that holds, or has held, for one label; or an emergency alert, which an operator raised. Immutable.</summary>
/// <param name="Id">Its fingerprint: the same whenever the same rule holds for the same label.</param>
/// <param name="RuleName">Its rule; <see cref="AlertRules.Emergency"/> for an emergency alert.</param>
/// <param name="Label">The value of the signal's label; null when the signal has one value only.</param>
/// <param name="State">Pending, firing or resolved.</param>
/// <param name="Severity">How bad it is.</param>
/// <param name="Since">Since when it is pending, or fires.</param>
internal sealed record Alert(string Id, string RuleName, string? Label, AlertState State, AlertSeverity Severity, DateTimeOffset Since)
{
    /// <summary>One line for people.</summary>
    public string Summary { get; init; } = string.Empty;

    /// <summary>What it means and what to do.</summary>
    public string Description { get; init; } = string.Empty;

    /// <summary>The label's name.</summary>
    public string? LabelName { get; init; }

    /// <summary>The latest value; null when there is none.</summary>
    public double? Value { get; init; }

    /// <summary>The value that the rule compares with.</summary>
    public double? Threshold { get; init; }

    /// <summary>Since when the value has been clear, while the alert still fires.</summary>
    public DateTimeOffset? ClearSince { get; init; }

    /// <summary>When it was resolved.</summary>
    public DateTimeOffset? ResolvedAt { get; init; }

    /// <summary>Whether an operator raised it.</summary>
    public bool IsEmergency => RuleName == AlertRules.Emergency;

    /// <summary>Its labels, as notifications have them and silences match them.</summary>
    public IReadOnlyDictionary<string, string> Labels() => LabelName is null || Label is null
        ? new Dictionary<string, string>(StringComparer.Ordinal)
        : new Dictionary<string, string>(StringComparer.Ordinal) { [LabelName] = Label };

    /// <summary>The incident it belongs to; see <see cref="Incident.Scope"/>.</summary>
    public string IncidentScope() => IsEmergency ? Id : RuleName;
}

/// <summary>The state of an alert. An alert that is inactive is not kept, so there is no value for it.</summary>
public enum AlertState
{
    /// <summary>Its rule holds, but not for long enough yet.</summary>
    Pending,

    /// <summary>Its rule has held for long enough.</summary>
    Firing,

    /// <summary>Its rule does not hold any more.</summary>
    Resolved,
}

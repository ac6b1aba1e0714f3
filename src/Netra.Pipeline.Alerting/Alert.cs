namespace Netra.Pipeline.Alerting;

/// <summary>An alert: one rule and one label that holds, has held, or was raised by hand. Immutable.</summary>
/// <param name="Id">Its fingerprint: the same whenever the same rule holds for the same label.</param>
/// <param name="RuleName">Its rule; <see cref="AlertRules.Emergency"/> when it was raised by hand.</param>
/// <param name="Label">What the signal's label is; null when there is one value only.</param>
/// <param name="State">Where it stands.</param>
/// <param name="Severity">How bad it is.</param>
/// <param name="Since">Since when it is pending, or fires.</param>
internal sealed record Alert(string Id, string RuleName, string? Label, AlertState State, AlertSeverity Severity, DateTimeOffset Since)
{
    /// <summary>One line for people.</summary>
    public string Summary { get; init; } = string.Empty;

    /// <summary>What it means and what to do.</summary>
    public string Description { get; init; } = string.Empty;

    /// <summary>What the label is called.</summary>
    public string? LabelName { get; init; }

    /// <summary>The latest value; null when it has none.</summary>
    public double? Value { get; init; }

    /// <summary>What the value is compared with.</summary>
    public double? Threshold { get; init; }

    /// <summary>Since when the value has been clear, while it fires.</summary>
    public DateTimeOffset? ClearSince { get; init; }

    /// <summary>When it was over.</summary>
    public DateTimeOffset? ResolvedAt { get; init; }

    /// <summary>Whether it was raised by hand.</summary>
    public bool IsEmergency => RuleName == AlertRules.Emergency;

    /// <summary>Its labels, as channels are told and silences match them.</summary>
    public IReadOnlyDictionary<string, string> Labels() => LabelName is null || Label is null
        ? new Dictionary<string, string>(StringComparer.Ordinal)
        : new Dictionary<string, string>(StringComparer.Ordinal) { [LabelName] = Label };
}

namespace Netra.Pipeline.Alerting;

/// <summary>An alert as it stands. Immutable.</summary>
/// <param name="Id">Its fingerprint: the same whenever the same rule holds for the same label.</param>
/// <param name="Name">Its rule; <c>emergency</c> when it was raised by hand.</param>
/// <param name="Severity">How bad it is.</param>
/// <param name="State">Where it stands.</param>
/// <param name="Since">Since when it is pending, or has fired.</param>
/// <param name="Summary">One line for people.</param>
/// <param name="Labels">What it is of, such as the failure's code.</param>
public sealed record AlertView(
    string Id, string Name, AlertSeverity Severity, AlertState State, DateTimeOffset Since, string Summary, IReadOnlyDictionary<string, string> Labels)
{
    /// <summary>The latest value, in the signal's unit; null when it has none.</summary>
    public double? Value { get; init; }

    /// <summary>What the value is compared with.</summary>
    public double? Threshold { get; init; }

    /// <summary>The highest level that has been told; null when nobody has.</summary>
    public EscalationLevel? Level { get; init; }

    /// <summary>Who has acknowledged it.</summary>
    public string? AcknowledgedBy { get; init; }

    /// <summary>Until when.</summary>
    public DateTimeOffset? AcknowledgedUntil { get; init; }

    /// <summary>The id of the silence that matches it.</summary>
    public string? SilencedBy { get; init; }

    /// <summary>When it was over.</summary>
    public DateTimeOffset? ResolvedAt { get; init; }
}

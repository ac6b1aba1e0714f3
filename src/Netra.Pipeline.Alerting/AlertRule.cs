namespace Netra.Pipeline.Alerting;

/// <summary>A rule: compares a signal with a threshold once a second. It makes an alert while the comparison is true. Immutable.</summary>
/// <param name="Name">Names it: <c>[a-z0-9_]+</c>.</param>
/// <param name="Severity">How bad it is when it holds.</param>
/// <param name="Signal">The signal that is compared.</param>
/// <param name="Comparison">How it is compared.</param>
/// <param name="Threshold">With which value, in the signal's unit.</param>
/// <param name="Summary">One line for people: what it means when the rule holds.</param>
/// <param name="Description">What follows from it, and what to do.</param>
public sealed record AlertRule(
    string Name, AlertSeverity Severity, string Signal, AlertComparison Comparison, double Threshold, string Summary, string Description)
{
    /// <summary>The name of the signal's label, such as <c>code</c>. Null when the rule compares the value that has no label.</summary>
    public string? LabelName { get; init; }

    /// <summary>
    /// The one label that is compared. Null with a <see cref="LabelName"/>: each label is compared, and makes an alert of its own.
    /// </summary>
    public string? LabelValue { get; init; }

    /// <summary>
    /// The value at which the alert is resolved. Default <see cref="Threshold"/>. Another value keeps a signal that swings around the
    /// threshold from making an alert of each swing.
    /// </summary>
    public double ClearThreshold { get; init; } = Threshold;

    /// <summary>For how long the rule must hold before its alert fires. Default zero: at once.</summary>
    public TimeSpan For { get; init; }

    /// <summary>For how long the signal must be clear before the alert is resolved. Default zero: at once.</summary>
    public TimeSpan KeepFiring { get; init; }

    /// <summary>Worse rules for the same cause: while one of them fires, no notifications are sent of this one.</summary>
    public IReadOnlyList<string> InhibitedBy { get; init; } = [];

    /// <summary>Whether the rule is evaluated. Default true.</summary>
    public bool IsEnabled { get; init; } = true;

    /// <summary>Whether the rule holds at a value.</summary>
    public bool Holds(double value) => Compare(value, Threshold);

    /// <summary>Whether an alert of the rule may be resolved at a value.</summary>
    public bool IsClear(double value) => !Compare(value, ClearThreshold);

    /// <summary>Whether the clear threshold is on the side of the threshold where the rule does not hold.</summary>
    internal bool IsClearThresholdPossible => Comparison switch
    {
        AlertComparison.Above or AlertComparison.AtLeast => ClearThreshold <= Threshold,
        AlertComparison.Below => ClearThreshold >= Threshold,
        _ => ClearThreshold == Threshold,
    };

    private bool Compare(double value, double threshold) => Comparison switch
    {
        AlertComparison.Above => value > threshold,
        AlertComparison.AtLeast => value >= threshold,
        AlertComparison.Below => value < threshold,
        AlertComparison.NotEqual => value != threshold,
        _ => throw new InvalidOperationException($"Comparison {Comparison} is not mapped."),
    };
}

/// <summary>How bad an alert is; a higher value is worse.</summary>
public enum AlertSeverity
{
    /// <summary>To be looked at some time.</summary>
    Low,

    /// <summary>To be looked at today.</summary>
    Medium,

    /// <summary>To be looked at now.</summary>
    High,

    /// <summary>Users are affected: operators must act now.</summary>
    Critical,
}

/// <summary>How a rule compares a signal with its threshold.</summary>
public enum AlertComparison
{
    /// <summary>The rule holds above the threshold.</summary>
    Above,

    /// <summary>The rule holds at the threshold and above it.</summary>
    AtLeast,

    /// <summary>The rule holds below the threshold.</summary>
    Below,

    /// <summary>The rule holds at any value but the threshold.</summary>
    NotEqual,
}

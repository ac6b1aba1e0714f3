namespace Netra.Pipeline.Alerting;

/// <summary>What is compared once a second, and what it means when it holds. Immutable.</summary>
/// <param name="Name">Names it: <c>[a-z0-9_]+</c>.</param>
/// <param name="Severity">How bad it is.</param>
/// <param name="Signal">What is compared.</param>
/// <param name="Comparison">How.</param>
/// <param name="Threshold">With which value, in the signal's unit.</param>
/// <param name="Summary">One line for people: what it means when it holds.</param>
/// <param name="Description">What follows from it, and what to do.</param>
public sealed record AlertRule(
    string Name, AlertSeverity Severity, string Signal, AlertComparison Comparison, double Threshold, string Summary, string Description)
{
    /// <summary>What the signal's label is called, such as <c>code</c>. Null when the rule compares the one value that has no label.</summary>
    public string? LabelName { get; init; }

    /// <summary>The one label that is compared. Null with a <see cref="LabelName"/>: each label is, and makes an alert of its own.</summary>
    public string? LabelValue { get; init; }

    /// <summary>The value at which it is over. Default <see cref="Threshold"/>; any other keeps a value that swings around the threshold from making an alert of each swing.</summary>
    public double ClearThreshold { get; init; } = Threshold;

    /// <summary>For how long it must hold before it fires. Default zero: at once.</summary>
    public TimeSpan For { get; init; }

    /// <summary>For how long it must be clear before it is over. Default zero: at once.</summary>
    public TimeSpan KeepFiring { get; init; }

    /// <summary>The rules that say the same, and worse: while one of them fires, nobody is told of this one.</summary>
    public IReadOnlyList<string> InhibitedBy { get; init; } = [];

    /// <summary>Whether it is compared at all. Default true.</summary>
    public bool IsEnabled { get; init; } = true;

    /// <summary>Whether the rule holds at a value.</summary>
    public bool Holds(double value) => Compare(value, Threshold);

    /// <summary>Whether an alert of the rule may be over at a value.</summary>
    public bool IsClear(double value) => !Compare(value, ClearThreshold);

    /// <summary>Whether a clear threshold lies on the side of the threshold where the rule does not hold.</summary>
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

namespace Netra.Pipeline.Alerting;

/// <summary>The part of a rule that can be changed while the server runs. Immutable.</summary>
/// <param name="Name">The rule.</param>
/// <param name="IsEnabled">See <see cref="AlertRule.IsEnabled"/>.</param>
/// <param name="Severity">See <see cref="AlertRule.Severity"/>.</param>
/// <param name="Threshold">See <see cref="AlertRule.Threshold"/>.</param>
/// <param name="ClearThreshold">See <see cref="AlertRule.ClearThreshold"/>.</param>
/// <param name="For">See <see cref="AlertRule.For"/>.</param>
/// <param name="KeepFiring">See <see cref="AlertRule.KeepFiring"/>.</param>
public sealed record RuleSettings(
    string Name, bool IsEnabled, AlertSeverity Severity, double Threshold, double ClearThreshold, TimeSpan For, TimeSpan KeepFiring)
{
    /// <summary>The longest <see cref="For"/> and <see cref="KeepFiring"/>.</summary>
    internal static readonly TimeSpan Longest = TimeSpan.FromDays(1);

    /// <summary>A rule's present settings.</summary>
    public static RuleSettings Of(AlertRule rule)
        => new(rule.Name, rule.IsEnabled, rule.Severity, rule.Threshold, rule.ClearThreshold, rule.For, rule.KeepFiring);

    internal AlertRule ApplyTo(AlertRule rule) => rule with
    {
        IsEnabled = IsEnabled,
        Severity = Severity,
        Threshold = Threshold,
        ClearThreshold = ClearThreshold,
        For = For,
        KeepFiring = KeepFiring,
    };

    /// <summary>What is wrong with the settings for a rule.</summary>
    /// <returns>The member that is wrong, with its value and what is allowed; null when none is.</returns>
    internal string? ProblemFor(AlertRule rule)
    {
        if (!double.IsFinite(Threshold) || !double.IsFinite(ClearThreshold))
        {
            return $"threshold is {Threshold} and clear_threshold {ClearThreshold}; they must be finite numbers";
        }

        if (!ApplyTo(rule).IsClearThresholdPossible)
        {
            var demand = rule.Comparison switch
            {
                AlertComparison.Below => "not be below",
                AlertComparison.NotEqual => "be",
                _ => "not be above",
            };
            return $"clear_threshold is {ClearThreshold}; it must {demand} threshold, which is {Threshold}";
        }

        return ProblemOf("for_s", For) ?? ProblemOf("keep_firing_s", KeepFiring);
    }

    private static string? ProblemOf(string member, TimeSpan value) => value < TimeSpan.Zero || value > Longest
        ? $"{member} is {value.TotalSeconds}; it must be between 0 and {Longest.TotalSeconds}"
        : null;
}

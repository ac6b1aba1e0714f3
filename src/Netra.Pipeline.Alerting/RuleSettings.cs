namespace Netra.Pipeline.Alerting;

/// <summary>What can be changed of a rule. Immutable.</summary>
/// <param name="Name">The rule.</param>
/// <param name="IsEnabled">See <see cref="AlertRule.IsEnabled"/>.</param>
/// <param name="Severity">See <see cref="AlertRule.Severity"/>.</param>
/// <param name="Threshold">See <see cref="AlertRule.Threshold"/>.</param>
/// <param name="ClearThreshold">See <see cref="AlertRule.ClearThreshold"/>.</param>
/// <param name="For">See <see cref="AlertRule.For"/>.</param>
/// <param name="KeepFiring">See <see cref="AlertRule.KeepFiring"/>.</param>
public sealed record RuleSettings(string Name, bool IsEnabled, AlertSeverity Severity, double Threshold, double ClearThreshold, TimeSpan For, TimeSpan KeepFiring)
{
    /// <summary>The longest <see cref="For"/> and <see cref="KeepFiring"/>.</summary>
    internal static readonly TimeSpan Longest = TimeSpan.FromDays(1);

    /// <summary>A rule's present ones.</summary>
    public static RuleSettings Of(AlertRule rule) => new(rule.Name, rule.IsEnabled, rule.Severity, rule.Threshold, rule.ClearThreshold, rule.For, rule.KeepFiring);

    internal AlertRule ApplyTo(AlertRule rule) => rule with
    {
        IsEnabled = IsEnabled,
        Severity = Severity,
        Threshold = Threshold,
        ClearThreshold = ClearThreshold,
        For = For,
        KeepFiring = KeepFiring,
    };
}

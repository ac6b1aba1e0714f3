namespace Netra.Pipeline.Alerting;

/// <summary>What may be wrong with a rule's settings. Stateless.</summary>
internal static class RuleSettingsCheck
{
    /// <returns>The members that are wrong, with their values and what is allowed; null when none is.</returns>
    public static string? ProblemOf(RuleSettings settings, AlertRule rule)
    {
        var changed = settings.ApplyTo(rule);
        if (!double.IsFinite(settings.Threshold) || !double.IsFinite(settings.ClearThreshold))
        {
            return $"threshold is {settings.Threshold} and clear_threshold {settings.ClearThreshold}; they must be finite numbers";
        }

        if (!changed.IsClearThresholdPossible)
        {
            var demand = rule.Comparison switch
            {
                AlertComparison.Below => "not be below",
                AlertComparison.NotEqual => "be",
                _ => "not be above",
            };
            return $"clear_threshold is {settings.ClearThreshold}; it must {demand} threshold, which is {settings.Threshold}";
        }

        return Duration("for_s", settings.For) ?? Duration("keep_firing_s", settings.KeepFiring);
    }

    private static string? Duration(string member, TimeSpan value) => value < TimeSpan.Zero || value > RuleSettings.Longest
        ? $"{member} is {value.TotalSeconds}; it must be between 0 and {RuleSettings.Longest.TotalSeconds}"
        : null;
}

using System.Text.Json.Serialization;
using Netra.Pipeline.Monitoring.Operators;

namespace Netra.Pipeline.Alerting.Operators;

/// <summary>All of a rule (docs/protocol.md, section 11).</summary>
internal sealed record RuleDocument(
    string Name,
    bool Enabled,
    string Severity,
    double Threshold,
    double ClearThreshold,
    double ForS,
    double KeepFiringS,
    string Signal,
    string Comparison,
    RuleLabel? Label,
    IReadOnlyList<string> InhibitedBy,
    string Summary,
    string Description)
{
    public static RuleDocument Of(AlertRule rule) => new(
        rule.Name,
        rule.IsEnabled,
        AlertNames.Of(rule.Severity),
        rule.Threshold,
        rule.ClearThreshold,
        rule.For.TotalSeconds,
        rule.KeepFiring.TotalSeconds,
        rule.Signal,
        AlertNames.Of(rule.Comparison),
        rule.LabelName is { } name ? new RuleLabel(name, rule.LabelValue) : null,
        rule.InhibitedBy,
        rule.Summary,
        rule.Description);
}

/// <summary>What a rule compares; the value is null where each label has an alert of its own.</summary>
internal sealed record RuleLabel(string Name, [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] string? Value);

internal sealed record RuleList(IReadOnlyList<RuleDocument> Rules)
{
    public static RuleList Of(IEnumerable<AlertRule> rules) => new([.. rules.Select(RuleDocument.Of)]);
}

/// <summary>What can be changed of a rule, as configurations have it. What is missing stays as it is.</summary>
internal sealed record RuleSettingsDocument(
    string? Name, bool? Enabled, string? Severity, double? Threshold, double? ClearThreshold, double? ForS, double? KeepFiringS)
{
    public static RuleSettingsDocument Of(RuleSettings rule) => new(
        rule.Name,
        rule.IsEnabled,
        AlertNames.Of(rule.Severity),
        rule.Threshold,
        rule.ClearThreshold,
        rule.For.TotalSeconds,
        rule.KeepFiring.TotalSeconds);

    /// <summary>A rule's settings, with those changed that are here. A clear threshold that stood at the threshold goes with it.</summary>
    public RuleSettings Read(BodyCheck check, AlertRule rule)
    {
        var (present, longest) = (RuleSettings.Of(rule), RuleSettings.Longest.TotalSeconds);
        var threshold = check.Number("threshold", Threshold) ?? present.Threshold;
        return present with
        {
            IsEnabled = Enabled ?? present.IsEnabled,
            Severity = check.Choice<AlertSeverity>("severity", Severity, AlertNames.Of) ?? present.Severity,
            Threshold = threshold,
            ClearThreshold = check.Number("clear_threshold", ClearThreshold)
                ?? (present.ClearThreshold == present.Threshold ? threshold : present.ClearThreshold),
            For = check.Seconds("for_s", ForS, 0, longest) ?? present.For,
            KeepFiring = check.Seconds("keep_firing_s", KeepFiringS, 0, longest) ?? present.KeepFiring,
        };
    }
}

/// <summary>Changes a rule.</summary>
internal sealed record RuleBody(
    bool? Enabled, string? Severity, double? Threshold, double? ClearThreshold, double? ForS, double? KeepFiringS) : OperatorBody
{
    public RuleSettings Read(BodyCheck check, AlertRule rule)
    {
        var settings = new RuleSettingsDocument(
            rule.Name, Enabled, Severity, Threshold, ClearThreshold, ForS, KeepFiringS).Read(check, rule);
        check.RefuseIf(settings.ProblemFor(rule));
        return settings;
    }
}

using Netra.Pipeline.Monitoring.Operators;

namespace Netra.Pipeline.Alerting.Operators;

/// <summary>
/// All that can be changed of alerting, as one file (docs/protocol.md, section 11). It has an author when it is imported.
/// </summary>
internal sealed record ConfigurationDocument(
    double? Version, IReadOnlyList<RuleSettingsDocument>? Rules, PolicyDocument? EscalationPolicy, IReadOnlyList<SilenceDocument>? Silences)
    : OperatorBody
{
    private const int Known = 1;

    public static ConfigurationDocument Of(AlertConfiguration configuration) => new(
        Known,
        [.. configuration.Rules.Select(RuleSettingsDocument.Of)],
        PolicyDocument.Of(configuration.Policy),
        [.. configuration.Silences.Select(SilenceDocument.Of)]);

    public AlertConfiguration Read(BodyCheck check, AlertRules rules)
    {
        check.RefuseIf(Version is Known ? null : $"version must be {Known}");
        check.Need("escalation_policy", EscalationPolicy);
        var policy = EscalationPolicy?.Read(check.Within("escalation_policy"));
        return new AlertConfiguration(
            ReadRules(check, rules),
            policy ?? new EscalationPolicy([], [], TimeSpan.Zero),
            [
                .. check.NeededList("silences", Silences, AlertLimits.Silences)
                    .Select((silence, index) => silence.Read(check.Within($"silences[{index}]")))
            ]);
    }

    private List<RuleSettings> ReadRules(BodyCheck check, AlertRules rules)
    {
        var settings = new List<RuleSettings>();
        foreach (var (index, rule) in check.NeededList("rules", Rules, AlertLimits.Rules).Index())
        {
            var within = check.Within($"rules[{index}]");
            var name = within.NeededText("name", rule.Name, AlertLimits.Name);
            if (rules.Find(name) is { } known)
            {
                settings.Add(rule.Read(within, known));
            }
            else if (name.Length > 0)
            {
                within.Refuse($"name is '{name}'; there is no such rule");
            }
        }

        return settings;
    }
}

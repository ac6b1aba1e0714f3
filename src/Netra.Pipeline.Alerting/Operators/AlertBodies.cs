using Netra.Pipeline.Http;

namespace Netra.Pipeline.Alerting.Operators;

/// <summary>Reads what operators send about alerts (docs/protocol.md, section 11). Stateless.</summary>
internal static class AlertBodies
{
    public const int MaxComment = 1000;
    public const int MaxName = 100;
    private const int MaxLabels = 10;
    private const int MaxLabelChars = 500;
    private const int MaxListed = 100_000;
    private const double LongestSilence = 365 * 86_400.0;

    public static (string? Rule, IReadOnlyDictionary<string, string> Labels, string Comment, TimeSpan Duration) Silence(JsonMembers body)
        => (body.Text("rule", MaxName), body.Texts("labels", MaxLabels, MaxLabelChars), body.NeededText("comment", MaxComment), body.NeededSeconds("duration_s", 1, LongestSilence));

    /// <summary>A rule as it is with some settings changed. A clear threshold that stood at the threshold goes with it.</summary>
    public static RuleSettings Rule(JsonMembers body, AlertRule rule)
    {
        var present = RuleSettings.Of(rule);
        var threshold = body.Number("threshold") ?? present.Threshold;
        return present with
        {
            IsEnabled = body.Flag("enabled") ?? present.IsEnabled,
            Severity = body.Choice<AlertSeverity>("severity", AlertNames.Of) ?? present.Severity,
            Threshold = threshold,
            ClearThreshold = body.Number("clear_threshold") ?? (present.ClearThreshold == present.Threshold ? threshold : present.ClearThreshold),
            For = body.Seconds("for_s", 0, RuleSettings.Longest.TotalSeconds) ?? present.For,
            KeepFiring = body.Seconds("keep_firing_s", 0, RuleSettings.Longest.TotalSeconds) ?? present.KeepFiring,
        };
    }

    public static EscalationPolicy Policy(JsonMembers body)
    {
        var steps = body.NeededObjects("steps", 4).Select(static step => Ended(step, new EscalationStep(
            step.NeededChoice<EscalationLevel>("level", AlertNames.Of),
            step.NeededSeconds("delay_s", 0, EscalationPolicy.Longest.TotalSeconds),
            step.NeededTexts("channels", 100, MaxName)))).ToList();
        var inform = body.Has("always_inform")
            ? body.NeededObjects("always_inform", 100).Select(static inform => Ended(inform, new AlwaysInform(inform.NeededText("rule", MaxName), inform.NeededChoice<EscalationLevel>("level", AlertNames.Of)))).ToList()
            : [];
        return new EscalationPolicy(steps, inform, body.NeededSeconds("acknowledge_timeout_s", 1, EscalationPolicy.Longest.TotalSeconds));
    }

    public static AlertConfiguration Configuration(JsonMembers body, AlertRules builtIn, List<string> problems)
    {
        if (body.Number("version") is not 1)
        {
            problems.Add("version must be 1");
        }

        var rules = new List<RuleSettings>();
        foreach (var rule in body.NeededObjects("rules", 1000))
        {
            var name = rule.NeededText("name", MaxName);
            if (builtIn.Find(name) is { } known)
            {
                rules.Add(Ended(rule, Rule(rule, known)));
            }
            else if (name.Length > 0)
            {
                problems.Add($"rules has '{name}'; there is no such rule");
            }
        }

        var policy = body.NeededObject("escalation_policy") is { } members ? Ended(members, Policy(members)) : new EscalationPolicy([], [], TimeSpan.Zero);
        var silences = body.NeededObjects("silences", MaxListed).Select(static silence => Ended(silence, new AlertSilence(
            silence.NeededText("id", MaxName),
            silence.Text("rule", MaxName),
            silence.Texts("labels", MaxLabels, MaxLabelChars),
            silence.NeededText("comment", MaxComment),
            silence.NeededText("author", RequestAuthor.MaxChars),
            silence.NeededTime("created_at"),
            silence.NeededTime("ends_at")))).ToList();
        return new AlertConfiguration(rules, policy, silences);
    }

    private static T Ended<T>(JsonMembers members, T value)
    {
        members.End();
        return value;
    }
}

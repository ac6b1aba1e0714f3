namespace Netra.Pipeline.Alerting;

/// <summary>Everything about alerting that operators can change while the server runs. Immutable.</summary>
/// <param name="Rules">The rules' settings. A rule that is not among them has its built-in settings.</param>
/// <param name="Policy">The escalation policy.</param>
/// <param name="Silences">The silences.</param>
public sealed record AlertConfiguration(
    IReadOnlyList<RuleSettings> Rules, EscalationPolicy Policy, IReadOnlyList<AlertSilence> Silences)
{
    /// <summary>What is wrong with the configuration; empty when it is valid.</summary>
    internal IReadOnlyList<string> Problems(IReadOnlyCollection<string> channels, AlertRules builtIn, int maxSilences)
    {
        var problems = new List<string>();
        foreach (var settings in Rules)
        {
            var problem = builtIn.Find(settings.Name) is { } rule ? settings.ProblemFor(rule) : "there is no such rule";
            if (problem is not null)
            {
                problems.Add($"rules '{settings.Name}': {problem}");
            }
        }

        problems.AddRange(Rules
            .GroupBy(static rule => rule.Name, StringComparer.Ordinal)
            .Where(static group => group.Count() > 1)
            .Select(static group => $"rules '{group.Key}': it occurs twice"));
        problems.AddRange(Policy.Problems(channels, builtIn).Select(static problem => $"escalation_policy.{problem}"));
        problems.AddRange(Silences
            .Where(silence => silence.Rule is not null && builtIn.Find(silence.Rule) is null)
            .Select(static silence => $"silences '{silence.Id}': there is no rule '{silence.Rule}'"));
        if (Silences.Count > maxSilences)
        {
            problems.Add($"silences has {Silences.Count} entries; there may be {maxSilences} (Netra:Alerting:MaxSilences)");
        }

        if (Silences.Select(static silence => silence.Id).Distinct(StringComparer.Ordinal).Count() != Silences.Count)
        {
            problems.Add("silences: an id occurs twice");
        }

        return problems;
    }
}

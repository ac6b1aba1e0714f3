namespace Netra.Pipeline.Alerting;

/// <summary>The policy that the configuration asks for, and what may be wrong with a policy. Stateless.</summary>
internal static class EscalationPolicies
{
    private const int MaxAlwaysInform = 100;

    /// <summary>The configured policy, with what is not configured as it is by default.</summary>
    public static EscalationPolicy From(EscalationOptions options, IReadOnlyCollection<string> channels)
    {
        IReadOnlyList<string> all = [.. channels];
        IReadOnlyList<EscalationStep> steps = options.Steps.Count == 0
            ?
            [
                new EscalationStep(EscalationLevel.Operations, TimeSpan.Zero, all),
                new EscalationStep(EscalationLevel.Engineering, TimeSpan.FromMinutes(15), all),
                new EscalationStep(EscalationLevel.Management, TimeSpan.FromMinutes(30), all),
                new EscalationStep(EscalationLevel.Executive, TimeSpan.FromHours(1), all),
            ]
            : [.. options.Steps.Select(step => new EscalationStep(step.Level, step.Delay, step.Channels.Count == 0 ? all : [.. step.Channels]))];
        IReadOnlyList<AlwaysInform> inform = options.AlwaysInform.Count > 0
            ? [.. options.AlwaysInform.Select(static inform => new AlwaysInform(inform.Rule, inform.Level))]
            : steps.Any(static step => step.Level == EscalationLevel.Management) ? [new AlwaysInform("silent_failures", EscalationLevel.Management)] : [];
        return new EscalationPolicy(steps, inform, options.AcknowledgeTimeout);
    }

    /// <summary>What is wrong with a policy: each member with its value, and what is allowed.</summary>
    public static IReadOnlyList<string> ProblemsOf(EscalationPolicy policy, IReadOnlyCollection<string> channels, AlertRules rules)
    {
        var problems = new List<string>();
        if (policy.Steps.Count == 0)
        {
            problems.Add("steps is empty; there must be one at least");
        }

        for (var i = 0; i < policy.Steps.Count; i++)
        {
            AddProblems(problems, policy, i, channels);
        }

        if (policy.AlwaysInform.Count > MaxAlwaysInform)
        {
            problems.Add($"always_inform has {policy.AlwaysInform.Count} entries; there may be {MaxAlwaysInform}");
        }

        for (var i = 0; i < policy.AlwaysInform.Count; i++)
        {
            var inform = policy.AlwaysInform[i];
            if (rules.Find(inform.Rule) is null)
            {
                problems.Add($"always_inform[{i}].rule is '{inform.Rule}'; there is no such rule");
            }

            if (!policy.Steps.Any(step => step.Level == inform.Level))
            {
                problems.Add($"always_inform[{i}].level is {NameOf(inform.Level)}; no step tells that level");
            }
        }

        if (policy.AcknowledgeTimeout < TimeSpan.FromSeconds(1) || policy.AcknowledgeTimeout > EscalationPolicy.Longest)
        {
            problems.Add($"acknowledge_timeout_s is {policy.AcknowledgeTimeout.TotalSeconds}; it must be between 1 and {EscalationPolicy.Longest.TotalSeconds}");
        }

        return problems;
    }

    private static void AddProblems(List<string> problems, EscalationPolicy policy, int index, IReadOnlyCollection<string> channels)
    {
        var step = policy.Steps[index];
        if (!Enum.IsDefined(step.Level) || (index > 0 && step.Level <= policy.Steps[index - 1].Level))
        {
            problems.Add($"steps[{index}].level is {NameOf(step.Level)}; the levels {AlertNames.AllOf<EscalationLevel>()} must come in this order, each once at most");
        }

        if (step.Delay < TimeSpan.Zero || step.Delay > EscalationPolicy.Longest)
        {
            problems.Add($"steps[{index}].delay_s is {step.Delay.TotalSeconds}; it must be between 0 and {EscalationPolicy.Longest.TotalSeconds}");
        }

        if (step.Channels.Count == 0)
        {
            problems.Add($"steps[{index}].channels is empty; there must be one at least");
        }

        foreach (var channel in step.Channels.Where(channel => !channels.Contains(channel, StringComparer.Ordinal)))
        {
            problems.Add($"steps[{index}].channels has '{channel}'; there are the channels {string.Join(", ", channels)}");
        }

        if (step.Channels.Distinct(StringComparer.Ordinal).Count() != step.Channels.Count)
        {
            problems.Add($"steps[{index}].channels is {string.Join(", ", step.Channels)}; each channel may be there once");
        }
    }

    private static string NameOf(EscalationLevel level) => Enum.IsDefined(level) ? AlertNames.Of(level) : level.ToString();
}

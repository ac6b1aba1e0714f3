namespace Netra.Pipeline.Alerting;

/// <summary>
/// Which levels are notified of an incident, when, and over which channels. Immutable; an incident keeps the policy it began with.
/// </summary>
/// <param name="Steps">The steps, in order of their levels; 1 to 4, each level once.</param>
/// <param name="AlwaysInform">Levels that are notified of a rule's incidents at once; at most 100.</param>
/// <param name="AcknowledgeTimeout">For how long an acknowledgement stops the escalation, unless it says so itself. 1 s to 7 days.</param>
public sealed record EscalationPolicy(
    IReadOnlyList<EscalationStep> Steps, IReadOnlyList<AlwaysInform> AlwaysInform, TimeSpan AcknowledgeTimeout)
{
    private const int MaxAlwaysInform = 100;

    /// <summary>The longest delay, and the longest acknowledgement.</summary>
    internal static readonly TimeSpan Longest = TimeSpan.FromDays(7);

    /// <summary>The configured policy, with the defaults for what is not configured.</summary>
    internal static EscalationPolicy From(EscalationOptions options, IReadOnlyCollection<string> channels)
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
            :
            [
                .. options.Steps.Select(step
                    => new EscalationStep(step.Level, step.Delay, step.Channels.Count == 0 ? all : [.. step.Channels])),
            ];
        IReadOnlyList<AlwaysInform> inform = options.AlwaysInform.Count > 0
            ? [.. options.AlwaysInform.Select(static inform => new AlwaysInform(inform.Rule, inform.Level))]
            : steps.Any(static step => step.Level == EscalationLevel.Management)
                ? [new AlwaysInform("silent_failures", EscalationLevel.Management)]
                : [];
        return new EscalationPolicy(steps, inform, options.AcknowledgeTimeout);
    }

    /// <summary>
    /// The channels that are tried, one after the other, when a step's channel fails: those of the next steps, and the log.
    /// </summary>
    internal IReadOnlyList<string> FallbacksAfter(EscalationLevel level, string channel) =>
    [
        .. Steps.Where(step => step.Level > level)
            .SelectMany(static step => step.Channels)
            .Append(LogNotifier.Channel)
            .Where(other => other != channel)
            .Distinct(StringComparer.Ordinal),
    ];

    /// <summary>What is wrong with the policy: each member with its value, and what is allowed. Empty when it is valid.</summary>
    internal IReadOnlyList<string> Problems(IReadOnlyCollection<string> channels, AlertRules rules)
    {
        var problems = new List<string>();
        if (Steps.Count == 0)
        {
            problems.Add("steps is empty; there must be one at least");
        }

        for (var i = 0; i < Steps.Count; i++)
        {
            AddStepProblems(problems, i, channels);
        }

        if (AlwaysInform.Count > MaxAlwaysInform)
        {
            problems.Add($"always_inform has {AlwaysInform.Count} entries; there may be {MaxAlwaysInform}");
        }

        for (var i = 0; i < AlwaysInform.Count; i++)
        {
            var inform = AlwaysInform[i];
            if (rules.Find(inform.Rule) is null)
            {
                problems.Add($"always_inform[{i}].rule is '{inform.Rule}'; there is no such rule");
            }

            if (!Steps.Any(step => step.Level == inform.Level))
            {
                problems.Add($"always_inform[{i}].level is {NameOf(inform.Level)}; no step tells that level");
            }
        }

        if (AcknowledgeTimeout < TimeSpan.FromSeconds(1) || AcknowledgeTimeout > Longest)
        {
            problems.Add($"acknowledge_timeout_s is {AcknowledgeTimeout.TotalSeconds}; it must be between 1 and {Longest.TotalSeconds}");
        }

        return problems;
    }

    private static string NameOf(EscalationLevel level) => Enum.IsDefined(level) ? AlertNames.Of(level) : level.ToString();

    private void AddStepProblems(List<string> problems, int index, IReadOnlyCollection<string> channels)
    {
        var step = Steps[index];
        if (!Enum.IsDefined(step.Level) || (index > 0 && step.Level <= Steps[index - 1].Level))
        {
            problems.Add(
                $"steps[{index}].level is {NameOf(step.Level)}; the levels {AlertNames.AllOf<EscalationLevel>()} must come in this order, "
                + "each once at most");
        }

        if (step.Delay < TimeSpan.Zero || step.Delay > Longest)
        {
            problems.Add($"steps[{index}].delay_s is {step.Delay.TotalSeconds}; it must be between 0 and {Longest.TotalSeconds}");
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
}

/// <summary>One step of an escalation.</summary>
/// <param name="Level">The level that is notified.</param>
/// <param name="Delay">How long after the previous step; for the first step, after the incident began. 0 to 7 days.</param>
/// <param name="Channels">Over which channels; at least one.</param>
public sealed record EscalationStep(EscalationLevel Level, TimeSpan Delay, IReadOnlyList<string> Channels);

/// <summary>A level that is notified of a rule's incidents at once, whatever the delay of its step.</summary>
/// <param name="Rule">The rule.</param>
/// <param name="Level">The level that is notified.</param>
public sealed record AlwaysInform(string Rule, EscalationLevel Level);

/// <summary>The levels of an escalation, in the order in which they are notified.</summary>
public enum EscalationLevel
{
    /// <summary>The people who run the service.</summary>
    Operations,

    /// <summary>The people who build it.</summary>
    Engineering,

    /// <summary>The people who are responsible for it.</summary>
    Management,

    /// <summary>The people who lead the company.</summary>
    Executive,
}

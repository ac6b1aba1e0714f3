namespace Netra.Pipeline.Alerting;

/// <summary>Who is told of an incident, when, and over what. Immutable; each incident keeps the one that stood when it began.</summary>
/// <param name="Steps">The steps, in order of their levels; 1 to 4, each level once.</param>
/// <param name="AlwaysInform">Who is told at once in any case; at most 100.</param>
/// <param name="AcknowledgeTimeout">For how long an acknowledgement stops the escalation, when it does not say so itself. 1 s to 7 days.</param>
public sealed record EscalationPolicy(IReadOnlyList<EscalationStep> Steps, IReadOnlyList<AlwaysInform> AlwaysInform, TimeSpan AcknowledgeTimeout)
{
    /// <summary>The longest delay, and the longest acknowledgement.</summary>
    internal static readonly TimeSpan Longest = TimeSpan.FromDays(7);

    /// <summary>The channels that take what a step's channel did not: those of the next steps, one after the other, and the log.</summary>
    internal IReadOnlyList<string> FallbacksAfter(EscalationLevel level, string channel)
        => [.. Steps.Where(step => step.Level > level).SelectMany(static step => step.Channels).Append(LogNotifier.Channel).Where(other => other != channel).Distinct(StringComparer.Ordinal)];
}

namespace Netra.Pipeline.Alerting;

/// <summary>One step of an escalation.</summary>
/// <param name="Level">Who is told.</param>
/// <param name="Delay">How long after the step before; of the first one: after the incident began. 0 to 7 days.</param>
/// <param name="Channels">Over which channels; at least one.</param>
public sealed record EscalationStep(EscalationLevel Level, TimeSpan Delay, IReadOnlyList<string> Channels);

namespace Netra.Pipeline.Alerting;

/// <summary>One step. Configuration section <c>Netra:Alerting:Escalation:Steps</c>.</summary>
public sealed class EscalationStepOptions
{
    /// <summary>Who is told.</summary>
    public EscalationLevel Level { get; set; }

    /// <summary>How long after the step before. Range 0 to 7 days, default 0.</summary>
    public TimeSpan Delay { get; set; }

    /// <summary>Over which channels. Default, when there is none: all there are.</summary>
    public IList<string> Channels { get; } = [];
}

namespace Netra.Pipeline.Alerting;

/// <summary>Who is told of incidents. Configuration section <c>Netra:Alerting:Escalation</c>.</summary>
public sealed class EscalationOptions
{
    /// <summary>The steps, in order of their levels. Default, when there is none: operations at once, engineering after 15 min, management after 30 min more, executive after 1 h more, each over every channel there is.</summary>
    public IList<EscalationStepOptions> Steps { get; } = [];

    /// <summary>Who is told at once in any case. Default, when there is none: management, of silent failures.</summary>
    public IList<AlwaysInformOptions> AlwaysInform { get; } = [];

    /// <summary>For how long an acknowledgement stops the escalation. Range 1 s to 7 days, default 30 min.</summary>
    public TimeSpan AcknowledgeTimeout { get; set; } = TimeSpan.FromMinutes(30);
}

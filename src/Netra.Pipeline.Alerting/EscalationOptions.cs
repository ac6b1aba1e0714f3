namespace Netra.Pipeline.Alerting;

/// <summary>Which levels are notified of incidents. Configuration section <c>Netra:Alerting:Escalation</c>.</summary>
public sealed class EscalationOptions
{
    /// <summary>
    /// The steps, in order of their levels. Default, when there is none: operations at once, engineering after 15 min, management after
    /// 30 min more, executive after 1 h more, each over every channel there is.
    /// </summary>
    public IList<EscalationStepOptions> Steps { get; } = [];

    /// <summary>Levels that are notified at once in any case. Default, when there is none: management, of silent failures.</summary>
    public IList<AlwaysInformOptions> AlwaysInform { get; } = [];

    /// <summary>For how long an acknowledgement stops the escalation. Range 1 s to 7 days, default 30 min.</summary>
    public TimeSpan AcknowledgeTimeout { get; set; } = TimeSpan.FromMinutes(30);
}

/// <summary>One step. Configuration section <c>Netra:Alerting:Escalation:Steps</c>.</summary>
public sealed class EscalationStepOptions
{
    /// <summary>The level that is notified.</summary>
    public EscalationLevel Level { get; set; }

    /// <summary>How long after the previous step. Range 0 to 7 days, default 0.</summary>
    public TimeSpan Delay { get; set; }

    /// <summary>Over which channels. Default, when there is none: all there are.</summary>
    public IList<string> Channels { get; } = [];
}

/// <summary>
/// A level that is notified of a rule's incidents at once. Configuration section <c>Netra:Alerting:Escalation:AlwaysInform</c>.
/// </summary>
public sealed class AlwaysInformOptions
{
    /// <summary>The rule.</summary>
    public string Rule { get; set; } = string.Empty;

    /// <summary>The level that is notified.</summary>
    public EscalationLevel Level { get; set; }
}

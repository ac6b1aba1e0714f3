namespace Netra.Pipeline.Alerting;

/// <summary>Who is told of a rule at once. Configuration section <c>Netra:Alerting:Escalation:AlwaysInform</c>.</summary>
public sealed class AlwaysInformOptions
{
    /// <summary>The rule.</summary>
    public string Rule { get; set; } = string.Empty;

    /// <summary>Who is told.</summary>
    public EscalationLevel Level { get; set; }
}

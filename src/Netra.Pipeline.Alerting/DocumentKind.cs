namespace Netra.Pipeline.Alerting;

/// <summary>What is kept of alerting, each in rows of its own. The numbers are in files, so they stay.</summary>
internal enum DocumentKind
{
    /// <summary>An <see cref="Alert"/>, by its id.</summary>
    Alert = 1,

    /// <summary>An <see cref="Incident"/>, by its scope.</summary>
    Incident = 2,

    /// <summary>An <see cref="AlertSilence"/>, by its id.</summary>
    Silence = 3,

    /// <summary>The <see cref="RuleSettings"/> of a rule that was changed, by its name.</summary>
    Rule = 4,

    /// <summary>The <see cref="EscalationPolicy"/> that was set.</summary>
    Policy = 5,

    /// <summary>An <see cref="OutboxEntry"/>, by its notification's id.</summary>
    Outbox = 6,
}

namespace Netra.Pipeline.Alerting;

/// <summary>What channels are told of: all alerts of one rule that fire together, or one that was raised by hand. Immutable.</summary>
/// <param name="Scope">What it is of: the rule, or the alert that was raised by hand. There is one incident of each.</param>
/// <param name="Key">Names it to channels.</param>
/// <param name="RuleName">Its rule.</param>
/// <param name="Severity">How bad it is: the worst of its alerts until now.</param>
/// <param name="StartsAt">When it began.</param>
/// <param name="Policy">Who is told of it.</param>
internal sealed record Incident(string Scope, string Key, string RuleName, AlertSeverity Severity, DateTimeOffset StartsAt, EscalationPolicy Policy)
{
    /// <summary>When it was over; null while it is on.</summary>
    public DateTimeOffset? EndsAt { get; init; }

    /// <summary>The step that is due next.</summary>
    public int NextStep { get; init; }

    /// <summary>When the last step was told. Moved when the incident comes again, so that the time in between does not count.</summary>
    public DateTimeOffset? LastStepAt { get; init; }

    /// <summary>Whom it was told to.</summary>
    public IReadOnlyList<NotifiedChannel> Told { get; init; } = [];

    /// <summary>The highest level that was told.</summary>
    public EscalationLevel? Level { get; init; }

    /// <summary>Who has acknowledged it.</summary>
    public string? AcknowledgedBy { get; init; }

    /// <summary>Until when.</summary>
    public DateTimeOffset? AcknowledgedUntil { get; init; }

    /// <summary>How many notifications were made of it.</summary>
    public int Notifications { get; init; }

    /// <summary>What was last told of it: its summary and description, for those that are told when its alerts are gone.</summary>
    public Alert? Last { get; init; }
}

namespace Netra.Pipeline.Alerting;

/// <summary>What a notification says of its incident.</summary>
public enum NotificationKind
{
    /// <summary>It has begun, or has become worse.</summary>
    Trigger,

    /// <summary>Nobody has acknowledged it in time, so the next level is told.</summary>
    Escalate,

    /// <summary>Somebody has acknowledged it.</summary>
    Acknowledge,

    /// <summary>It is over.</summary>
    Resolve,
}

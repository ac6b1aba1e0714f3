namespace Netra.Pipeline.Alerting;

/// <summary>What came of a try to tell a channel.</summary>
internal enum NotificationOutcome
{
    /// <summary>The channel has taken it.</summary>
    Sent,

    /// <summary>It has not, and is tried again.</summary>
    Retried,

    /// <summary>It has not, and is not tried again.</summary>
    Failed,
}

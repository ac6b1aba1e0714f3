using System.Diagnostics;

namespace Netra.Pipeline.Alerting.Notifiers;

/// <summary>How channels are told the closed lists of alerting: the names of <c>docs/protocol.md</c>, section 11.</summary>
internal static class AlertNames
{
    public static string Of(AlertSeverity severity) => severity switch
    {
        AlertSeverity.Low => "low",
        AlertSeverity.Medium => "medium",
        AlertSeverity.High => "high",
        AlertSeverity.Critical => "critical",
        _ => throw new UnreachableException($"Severity {severity} has no name."),
    };

    public static string Of(EscalationLevel level) => level switch
    {
        EscalationLevel.Operations => "operations",
        EscalationLevel.Engineering => "engineering",
        EscalationLevel.Management => "management",
        EscalationLevel.Executive => "executive",
        _ => throw new UnreachableException($"Level {level} has no name."),
    };

    public static string Of(NotificationKind kind) => kind switch
    {
        NotificationKind.Trigger => "trigger",
        NotificationKind.Escalate => "escalate",
        NotificationKind.Acknowledge => "acknowledge",
        NotificationKind.Resolve => "resolve",
        _ => throw new UnreachableException($"Kind {kind} has no name."),
    };

    /// <summary>What a notification says of its incident, in capitals, for the head of a message.</summary>
    public static string StatusOf(NotificationKind kind) => kind switch
    {
        NotificationKind.Trigger => "FIRING",
        NotificationKind.Escalate => "ESCALATED",
        NotificationKind.Acknowledge => "ACKNOWLEDGED",
        NotificationKind.Resolve => "RESOLVED",
        _ => throw new UnreachableException($"Kind {kind} has no status."),
    };
}

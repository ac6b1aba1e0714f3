using System.Diagnostics;

namespace Netra.Pipeline.Alerting.Notifiers;

/// <summary>What a notification says of its incident, in capitals, for the head of a message.</summary>
internal static class AlertStatus
{
    public static string Of(NotificationKind kind) => kind switch
    {
        NotificationKind.Trigger => "FIRING",
        NotificationKind.Escalate => "ESCALATED",
        NotificationKind.Acknowledge => "ACKNOWLEDGED",
        NotificationKind.Resolve => "RESOLVED",
        _ => throw new UnreachableException($"Kind {kind} has no status."),
    };
}

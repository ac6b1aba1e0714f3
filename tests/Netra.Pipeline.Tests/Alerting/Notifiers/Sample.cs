using Netra.Pipeline.Alerting;

namespace Netra.Pipeline.Tests.Alerting.Notifiers;

/// <summary>Notifications of one incident, as the engine makes them.</summary>
internal static class Sample
{
    public const string Incident = "silent_failures/2026-03-29";

    public static AlertNotification Of(
        NotificationKind kind,
        DateTimeOffset at,
        EscalationLevel level = EscalationLevel.Operations,
        AlertSeverity severity = AlertSeverity.Critical)
        => new(
        $"n-{kind}-{level}",
        kind,
        Incident,
        "silent_failures",
        severity,
        level,
        "3 pages make no progress",
        "Pages are there <but> do nothing & nobody sees it.",
        at,
        at.AddSeconds(2))
        {
            EndsAt = kind == NotificationKind.Resolve ? at.AddSeconds(1) : null,
            AcknowledgedBy = kind == NotificationKind.Acknowledge ? "grace" : null,
            Labels = new Dictionary<string, string>(StringComparer.Ordinal) { ["code"] = "silent_failure" },
            Value = 3,
            Threshold = 0,
        };
}

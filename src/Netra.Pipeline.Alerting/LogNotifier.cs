using Microsoft.Extensions.Logging;
using Netra.Pipeline.Diagnostics;

namespace Netra.Pipeline.Alerting;

/// <summary>The channel <c>log</c>: logs each notification. It is always there, and is the last fallback of all channels.</summary>
/// <remarks>
/// A critical alert is logged as an error, never at CRITICAL: the rule critical_log would make another alert of each such line.
/// </remarks>
internal sealed partial class LogNotifier(ILogger<LogNotifier> logger) : INotifier
{
    /// <summary>The channel's name.</summary>
    public const string Channel = "log";

    /// <inheritdoc/>
    public string Name => Channel;

    /// <inheritdoc/>
    public TimeSpan MinInterval => TimeSpan.Zero;

    /// <inheritdoc/>
    public Task NotifyAsync(AlertNotification notification, CancellationToken cancellationToken)
    {
        var level = LevelOf(notification);
        if (logger.IsEnabled(level))
        {
            var kind = AlertNames.Of(notification.Kind).ToUpperInvariant();
            var severity = AlertNames.Of(notification.Severity).ToUpperInvariant();
            var escalation = AlertNames.Of(notification.Level);
            Log.Notified(
                logger,
                level,
                kind,
                severity,
                notification.RuleName,
                escalation,
                notification.Summary,
                notification.Description,
                notification.IncidentKey,
                notification.AcknowledgedBy);
        }

        return Task.CompletedTask;
    }

    private static LogLevel LevelOf(AlertNotification notification) => notification.Kind switch
    {
        NotificationKind.Acknowledge or NotificationKind.Resolve => LogLevel.Information,
        _ => notification.Severity switch
        {
            AlertSeverity.Critical or AlertSeverity.High => LogLevel.Error,
            AlertSeverity.Medium => LogLevel.Warning,
            _ => LogLevel.Information,
        },
    };

    private static partial class Log
    {
        [LoggerMessage(
            EventId = EventIds.AlertNotified,
            Message = "ALERT {Kind}: {Severity} {Rule} to {Level}: {Summary}. {Description} "
                + "[incident {IncidentKey}, acknowledged by {AcknowledgedBy}]",
            EventName = nameof(EventIds.AlertNotified))]
        public static partial void Notified(
            ILogger logger,
            LogLevel logLevel,
            string kind,
            string severity,
            string rule,
            string level,
            string summary,
            string description,
            string incidentKey,
            string? acknowledgedBy);
    }
}

using Netra.Pipeline.Failures;
using Netra.Pipeline.Monitoring.Metrics;

namespace Netra.Pipeline.Alerting;

/// <summary>The built-in rules. Immutable.</summary>
public sealed class AlertRules
{
    /// <summary>The rule that fires for signals without a reading.</summary>
    public const string NoData = "no_data";

    /// <summary>The rule name of emergency alerts, which operators raise. There is no such rule.</summary>
    public const string Emergency = "emergency";

    /// <summary>
    /// The seconds since each signal's last reading; labels: the signals. It is measured where rules are evaluated; a reading of it from
    /// elsewhere is ignored.
    /// </summary>
    internal const string SignalAge = "signal_age";

    private readonly Dictionary<string, AlertRule> _byName;

    /// <summary>The built-in rules.</summary>
    /// <param name="minSuccessRate">
    /// The share of acknowledged events below which delivery is degraded; 0 to 1. It is critical 0.05 below it, and below 0.90 in any case.
    /// </param>
    /// <param name="maxDeliveryLatency">
    /// The latency above which delivery is degraded; above zero. Null for 2 s. It is critical at five times as much, and not below 10 s.
    /// </param>
    public AlertRules(double minSuccessRate = 0.95, TimeSpan? maxDeliveryLatency = null)
    {
        var latency = (maxDeliveryLatency ?? TimeSpan.FromSeconds(2)).TotalSeconds;
        All = [.. Rules(minSuccessRate, latency), .. FailureRules(), .. ProcessRules()];
        _byName = All.ToDictionary(static rule => rule.Name, StringComparer.Ordinal);
    }

    /// <summary>All of them.</summary>
    public IReadOnlyList<AlertRule> All { get; }

    /// <summary>A rule by its name; null when there is none.</summary>
    public AlertRule? Find(string name) => _byName.GetValueOrDefault(name);

    private static IEnumerable<AlertRule> Rules(double minSuccessRate, double latency) =>
    [
        new("silent_failures", AlertSeverity.Critical, Signals.SilentFailures, AlertComparison.Above, 0,
            "Users are missing events and nothing said so",
            "A page, a run or a connection that seems well makes no progress. Look at the label's kind, at the log for SILENT FAILURE "
            + "DETECTED, and at the user's view for connections that acknowledge nothing.")
        {
            LabelName = "kind",
        },
        new("isolation_violations", AlertSeverity.Critical, Signals.IsolationViolations, AlertComparison.Above, 0,
            "An event nearly reached another user",
            "It was stopped at the last step and the connection was closed. Treat it as a security incident: keep the log, find "
            + "isolation_violation in it, and look at what emits for that user."),
        new("bridge_failures", AlertSeverity.Critical, Signals.BridgeFailures, AlertComparison.Above, 0,
            "The pipeline cannot be initialized",
            "No event is accepted. /readyz and the log name the reason; mostly it is the data directory or an agent without what it "
            + "needs."),
        new("low_success_rate", AlertSeverity.High, Signals.SuccessRate, AlertComparison.Below, minSuccessRate,
            "Too many events are not acknowledged",
            "Events are stored and will be caught up, but pages do not confirm them in time. Look at connections that end or stay "
            + "stuck, and at latency.")
        {
            ClearThreshold = Math.Min(1, Math.Round(minSuccessRate + 0.01, 6)),
            For = TimeSpan.FromSeconds(30),
            InhibitedBy = ["very_low_success_rate"],
        },
        new("very_low_success_rate", AlertSeverity.Critical, Signals.SuccessRate, AlertComparison.Below,
            Math.Max(0, Math.Min(0.90, Math.Round(minSuccessRate - 0.05, 6))),
            "Far too many events are not acknowledged",
            "Delivery as a whole is in trouble. Look at the network before the server, at the log's latency and at failures by code; "
            + "emergency mode keeps lifecycle events going.")
        {
            // A dead connection is noticed sooner than that.
            For = TimeSpan.FromSeconds(30),
        },
        new("high_latency", AlertSeverity.Medium, Signals.DeliveryLatency, AlertComparison.Above, latency,
            "Events are delivered late",
            "From acceptance to the transport takes too long on average. Look at CPU, at the disk of the log, and at queues of "
            + "connections.")
        {
            InhibitedBy = ["very_high_latency"],
        },
        new("very_high_latency", AlertSeverity.Critical, Signals.DeliveryLatency, AlertComparison.Above, Math.Max(10, 5 * latency),
            "Events are delivered far too late",
            "Users take the pipeline for dead. Look at CPU, threads and the disk; take load away, or turn emergency mode on."),
        new("no_connections", AlertSeverity.High, Signals.UsersWaitingWithoutConnections, AlertComparison.Above, 0,
            "Events wait and nobody at all is connected",
            "Pages cannot reach the server, or the proxy before it does not let WebSockets through. Connect by hand to /ws, and look at "
            + "handshakes that are refused.")
        {
            // Together with the time that a page has to reconnect, it is a minute.
            For = TimeSpan.FromSeconds(60) - WaitingUsers.Returning,
        },
        new("ledger_unaccounted", AlertSeverity.Critical, Signals.Unaccounted, AlertComparison.NotEqual, 0,
            "The ledger does not add up",
            "Events have no accounted outcome, which is a fault of the program. Keep the data directory as it is, and compare "
            + "/v1/ledger with and without user_id."),
        new("canary_failed", AlertSeverity.Critical, Signals.CanaryFailures, AlertComparison.AtLeast, 1,
            "The pipeline's check of itself failed",
            "An event that went the way of users' events over the public port did not arrive as it must. The log names the step that "
            + "failed."),
        new("critical_log", AlertSeverity.Critical, Signals.CriticalLogs, AlertComparison.Above, 0,
            "Something was logged at CRITICAL",
            "Read that line: it names what failed, and the failures by code say how often."),
        new("log_trouble", AlertSeverity.Critical, Signals.LogTrouble, AlertComparison.Above, 0,
            "The event log stores nothing",
            "New events wait for as long as Netra:Emission:RoomTimeout, and are refused then. /readyz names the reason; make room on "
            + "the disk, or give the process the right to write the data directory. A commit that the disk has not answered for 10 s "
            + "counts too, and is waited for.")
        {
            InhibitedBy = ["data_files_lost"],
        },
        new("data_files_lost", AlertSeverity.Critical, Signals.LostFiles, AlertComparison.Above, 0,
            "Data files were deleted, renamed or replaced while the server runs",
            "What is open is still whole, and gone when the process ends: do not restart it yet. /readyz names the files; put the "
            + "same files back, or save what is open as the runbook says."),
        new("emergency_mode", AlertSeverity.High, Signals.EmergencyMode, AlertComparison.Above, 0,
            "The pipeline is in emergency mode",
            "Token and custom events are refused until it is over. Whoever turned it on, or the remediation in the system's status, "
            + "says why."),
    ];

    private static IEnumerable<AlertRule> FailureRules() =>
    [
        new("failure_rate", AlertSeverity.High, Signals.Failures, AlertComparison.Above, 30,
            "Failures of one kind come in crowds",
            "More than the threshold within a minute. docs/protocol.md, section 8, says what the code means; the log has the first of "
            + "each user, and how many more there were.")
        {
            LabelName = "code",
        },
        Failure("buffer_overflow", FailureCode.BufferOverflow, AlertSeverity.Medium,
            "A connection's queue was full",
            "Its page reads too slowly; it will be caught up from the log. If it stays, look at Netra:Connections:QueueFrames and "
            + "QueueBytes, and at that user's network."),
        Failure("critical_delivery_failed", FailureCode.CriticalDeliveryFailed, AlertSeverity.Critical,
            "A critical event was not confirmed by its user",
            "It is a dead letter now. Look at /v1/dead-letters, reach the user another way, and send it again when the page is back."),
        Failure("log_failed", FailureCode.LogFailed, AlertSeverity.High,
            "The event log has failed",
            "What was asked of it was refused with log_failed. The log line names the file and what SQLite said."),
        Failure("event_dropped", FailureCode.EventDropped, AlertSeverity.Medium,
            "Events expired before anybody acknowledged them",
            "Their users were away for longer than Netra:Streams:Retention. Users are told of the gap when they come back."),
        Failure("background_failed", FailureCode.BackgroundFailed, AlertSeverity.High,
            "One of the server's own loops failed",
            "The loop goes on unless the log says that it has ended; then restart the server."),
        Failure("observer_failed", FailureCode.ObserverFailed, AlertSeverity.High,
            "An observer of the pipeline failed",
            "It threw, or was too slow, so its view has gaps. Events are not affected; look at the observer that the log names."),
        Failure("notification_failed", FailureCode.NotificationFailed, AlertSeverity.High,
            "An alert could not be told to a channel",
            "It was told to the next one. Test the channel with POST /monitoring/websocket/channels/{name}/test, which answers with the "
            + "reason."),
        Failure("flow_violation", FailureCode.FlowViolation, AlertSeverity.Medium,
            "A run's events came in an impossible order",
            "They were delivered as they came. Look at the agent, or the publisher, of that run."),
        Failure("agent_communication", FailureCode.AgentCommunication, AlertSeverity.Medium,
            "An agent could not call another",
            "The run was told. Look for AGENT COMMUNICATION FAILURE in the log."),
        Failure("context_missing", FailureCode.ContextMissing, AlertSeverity.Critical,
            "Something was emitted without a user, a thread or a run",
            "It reached nobody. Look for MISSING CONTEXT in the log, and give that code its context."),
        Failure("webhook_failed", FailureCode.WebhookFailed, AlertSeverity.High,
            "The webhook for dead letters takes them not",
            "Dead letters stay listed in /v1/dead-letters. Look at the receiver, and at Netra:Delivery:Webhook."),
    ];

    private static IEnumerable<AlertRule> ProcessRules() =>
    [
        new("stalled_runs", AlertSeverity.High, Signals.StalledRuns, AlertComparison.Above, 0,
            "Runs have said nothing for longer than their lease",
            "Their agents may hang. Their users are told; the system's status lists the runs."),
        new("stuck_tools", AlertSeverity.High, Signals.StuckTools, AlertComparison.Above, 0,
            "Tools run for longer than tools may",
            "The health object lists them. Look at what they wait for, and cancel their runs."),
        new("overdue_answers", AlertSeverity.Medium, Signals.OverdueAnswers, AlertComparison.Above, 0,
            "Runs wait for answers that were due by now",
            "Nothing is wrong with them: an answer is still taken, and its run goes on. The health object lists the runs that wait, and "
            + "the user's view what they ask. Reach whoever is to answer, answer with POST /v1/runs/answer, or have the run cancelled."),
        new("untaken_commands", AlertSeverity.High, Signals.UntakenCommands, AlertComparison.Above, 0,
            "No backend takes what users want",
            "Answers, messages or cancellations wait for a backend that does not read its commands, or does not acknowledge them. Look at "
            + "netra.command.untaken, and whether the backends' requests have commands=1 or read /v1/commands.")
        {
            LabelName = "command",

            // A backend that is deployed anew, or was away for a minute, has taken them by then.
            For = TimeSpan.FromMinutes(5),
        },
        new("stuck_loops", AlertSeverity.Critical, Signals.StuckLoops, AlertComparison.Above, 0,
            "One of the server's own loops hangs or has ended",
            "What the loop is for does not happen any more. Take a dump of the stacks (dotnet-dump), which says what it waits for; then "
            + "restart the server.")
        {
            LabelName = "loop",
        },
        new("unhealthy_check", AlertSeverity.High, Signals.UnhealthyChecks, AlertComparison.Above, 0,
            "A health check says unhealthy",
            "The health object has the check's own words.")
        {
            LabelName = "check",
            For = TimeSpan.FromSeconds(5),
        },
        new("performance_degraded", AlertSeverity.Medium, Signals.LatencyDegradation, AlertComparison.Above, 3,
            "Delivery is slower than in its own past",
            "Look at what has changed: load, a release, a neighbour on the machine, the disk.")
        {
            For = TimeSpan.FromSeconds(120),
        },
        new("memory_leak", AlertSeverity.High, Signals.MemoryGrowth, AlertComparison.Above, 256.0 * 1024 * 1024,
            "Memory grows and does not come back",
            "Take a dump before restarting (dotnet-gcdump); the figures of streams and connections say whether they grow as well.")
        {
            For = TimeSpan.FromMinutes(10),
        },
        new("thread_pool_starved", AlertSeverity.High, Signals.ThreadPoolDelay, AlertComparison.Above, 1,
            "Work waits too long for a thread",
            "Something blocks threads of the pool, mostly an agent or a tool that waits synchronously. A dump of the stacks shows it.")
        {
            For = TimeSpan.FromSeconds(5),
        },
        new("handles_running_out", AlertSeverity.High, Signals.HandleUsage, AlertComparison.Above, 0.8,
            "Open file handles run out",
            "Without handles no connection is accepted. Raise the process's limit (ulimit -n), or find what leaves files and sockets "
            + "open."),
        new(NoData, AlertSeverity.High, SignalAge, AlertComparison.AtLeast, 10,
            "A signal is not measured any more",
            "Its rules are blind, so this alert stands for all of theirs. Look for background_failed in the log.")
        {
            LabelName = "signal",
        },
    ];

    private static AlertRule Failure(string name, FailureCode code, AlertSeverity severity, string summary, string description)
        => new(name, severity, Signals.Failures, AlertComparison.Above, 0, summary, description)
        {
            LabelName = "code",
            LabelValue = FailureCodes.WireName(code),
        };
}

namespace Netra.Pipeline.Monitoring.Metrics;

/// <summary>
/// The names of everything that is measured once a second for rules to compare. Counts are those of the last 60 s, so that an alert
/// resolves by itself when its cause is gone.
/// </summary>
public static class Signals
{
    /// <summary>Silent failures; labels: their kinds.</summary>
    public const string SilentFailures = "silent_failures";

    /// <summary>Events stopped on their way to another user.</summary>
    public const string IsolationViolations = "isolation_violations";

    /// <summary>Initializations of the bridge that failed, and 1 more while it has failed.</summary>
    public const string BridgeFailures = "bridge_failures";

    /// <summary>The share of the due events that was acknowledged; 0 to 1. 1 when none was due.</summary>
    public const string SuccessRate = "success_rate";

    /// <summary>From accepted to handed to the transport, on average, in seconds.</summary>
    public const string DeliveryLatency = "delivery_latency";

    /// <summary>Users whose new events wait while no page of any user has been connected for 10 s.</summary>
    public const string UsersWaitingWithoutConnections = "users_waiting_without_connections";

    /// <summary>Failures; labels: their codes.</summary>
    public const string Failures = "failures";

    /// <summary>Log lines at CRITICAL, the ones for failures included.</summary>
    public const string CriticalLogs = "critical_logs";

    /// <summary>Events without an accounted outcome.</summary>
    public const string Unaccounted = "ledger_unaccounted";

    /// <summary>Canaries that failed one after the other until now; 0 after one that passed.</summary>
    public const string CanaryFailures = "canary_failures";

    /// <summary>1 while the log stores nothing.</summary>
    public const string LogTrouble = "log_trouble";

    /// <summary>1 while files that are open are not those at their paths any more.</summary>
    public const string LostFiles = "lost_files";

    /// <summary>Runs that have been silent for longer than their lease.</summary>
    public const string StalledRuns = "stalled_runs";

    /// <summary>Tools that run for longer than tools may.</summary>
    public const string StuckTools = "stuck_tools";

    /// <summary>What runs ask and nobody has answered, past the time until which an answer was of use.</summary>
    public const string OverdueAnswers = "overdue_answers";

    /// <summary>Commands of publishers that no backend has taken; labels: what they are.</summary>
    public const string UntakenCommands = "untaken_commands";

    /// <summary>Health checks that say unhealthy; labels: their names. The reading is 0 or 1.</summary>
    public const string UnhealthyChecks = "unhealthy_checks";

    /// <summary>1 while the pipeline is in emergency mode.</summary>
    public const string EmergencyMode = "emergency_mode";

    /// <summary>How many times slower delivery is than in its own past: 1 is as fast.</summary>
    public const string LatencyDegradation = "latency_degradation";

    /// <summary>How much memory has grown without coming back, in bytes an hour; 0 when it has not.</summary>
    public const string MemoryGrowth = "memory_growth";

    /// <summary>The server's own loops that hang or have ended; labels: their names. The reading is 0 or 1.</summary>
    public const string StuckLoops = "stuck_loops";

    /// <summary>How long a work item waits for a thread of the pool, in seconds.</summary>
    public const string ThreadPoolDelay = "thread_pool_delay";

    /// <summary>Open file handles as a share of the process's limit; 0 to 1.</summary>
    public const string HandleUsage = "handle_usage";
}

using System.ComponentModel.DataAnnotations;

namespace Netra.Pipeline.Monitoring;

/// <summary>How the pipeline monitors itself. Configuration section <c>Netra:Monitoring</c>.</summary>
public sealed class MonitoringOptions
{
    /// <summary>
    /// Whether the flow monitor, the silent-failure detection, the health checks and the canary run. Default true
    /// (<c>WEBSOCKET_MONITOR_ENABLED</c>). That they are off is logged as a warning at start, and shown by the health object.
    /// </summary>
    public bool Enabled { get; set; } = true;

    /// <summary>
    /// How often the canary goes over the public port. 1 s to 1 h; default 30 s (<c>WEBSOCKET_HEALTH_CHECK_INTERVAL</c>, in seconds).
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:01", "01:00:00")]
    public TimeSpan HealthCheckInterval { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>How long one canary may take. 100 ms to 1 min; default 10 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "00:01:00")]
    public TimeSpan CanaryTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// The share of due events that must be acknowledged. 0.5 to 1; default 0.95 (<c>WEBSOCKET_MIN_SUCCESS_RATE</c>). It moves the health
    /// check and the rules.
    /// </summary>
    [Range(0.5, 1.0)]
    public double MinSuccessRate { get; set; } = 0.95;

    /// <summary>
    /// How long delivery may take on average. 1 ms to 1 min; default 1 s (<c>WEBSOCKET_MAX_DELIVERY_LATENCY</c>, in milliseconds). It moves
    /// the health check and the rules.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00.001", "00:01:00")]
    public TimeSpan MaxDeliveryLatency { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>For how long a run without a lease of its own may be silent. 1 s to 1 day; default 1 min.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00")]
    public TimeSpan RunLease { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>
    /// For how long a run may be silent before the server ends it. 1 s to 7 days, not below <see cref="RunLease"/>; default 15 min.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:01", "7.00:00:00")]
    public TimeSpan MaxRunSilence { get; set; } = TimeSpan.FromMinutes(15);

    /// <summary>The lease of runs whose publishing request broke off. 1 s to 1 h; default 10 s.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "01:00:00")]
    public TimeSpan BrokenRequestLease { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>For how long a tool may run before it is called stuck. 1 s to 1 day; default 5 min.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00")]
    public TimeSpan StuckToolAfter { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>How many open runs are watched. 1 to 10,000,000; default 100,000. More than that is reported.</summary>
    [Range(1, 10_000_000)]
    public int MaxWatchedRuns { get; set; } = 100_000;

    /// <summary>
    /// For how many users metrics are kept. 1 to 1,000,000; default 10,000. The user who was active longest ago makes room.
    /// </summary>
    [Range(1, 1_000_000)]
    public int MaxUsers { get; set; } = 10_000;

    /// <summary>
    /// How many feeds of dashboards may be open. 1 to 10,000; default 200. One more is refused with 503; each takes a place like a page.
    /// </summary>
    [Range(1, 10_000)]
    public int MaxDashboardFeeds { get; set; } = 200;

    /// <summary>Whether the pipeline enters emergency mode by itself when it cannot keep up. Default true.</summary>
    public bool AutomaticEmergencyMode { get; set; } = true;
}

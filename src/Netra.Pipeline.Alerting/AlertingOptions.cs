using System.ComponentModel.DataAnnotations;

namespace Netra.Pipeline.Alerting;

/// <summary>Alerting: its channels' patience, its limits and its escalation. Configuration section <c>Netra:Alerting</c>.</summary>
public sealed class AlertingOptions
{
    /// <summary>Whether rules are evaluated. Default true. Notifications of emergency alerts are sent in any case.</summary>
    public bool Enabled { get; set; } = true;

    /// <summary>For how long a resolved incident may open again without new notifications. Range 0 to 1 day, default 5 min.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "1.00:00:00")]
    public TimeSpan Cooldown { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>
    /// How many labels of one rule have an alert of their own. Range 1 to 10,000, default 100. Those above it share one, labelled
    /// <c>(other)</c>.
    /// </summary>
    [Range(1, 10_000)]
    public int MaxLabels { get; set; } = 100;

    /// <summary>How many silences there may be. Range 1 to 100,000, default 1,000. One more is refused.</summary>
    [Range(1, 100_000)]
    public int MaxSilences { get; set; } = 1000;

    /// <summary>How many emergency alerts may fire at a time. Range 1 to 10,000, default 100. One more is refused.</summary>
    [Range(1, 10_000)]
    public int MaxEmergencies { get; set; } = 100;

    /// <summary>
    /// How many entries the history keeps, and the list of operators' actions. Range 100 to 10,000,000, default 100,000. Above it the
    /// oldest are removed.
    /// </summary>
    [Range(100, 10_000_000)]
    public int HistoryEntries { get; set; } = 100_000;

    /// <summary>How long a channel may take for one notification. Range 100 ms to 5 min, default 10 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "00:05:00")]
    public TimeSpan NotifyTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>How often a channel is tried with one notification before the next channel gets it. Range 1 to 20, default 5.</summary>
    [Range(1, 20)]
    public int Tries { get; set; } = 5;

    /// <summary>
    /// The pause after the first try. Range 10 ms to 1 h, default 1 s. Each further pause is twice as long, give or take a fifth.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00.01", "01:00:00")]
    public TimeSpan FirstRetry { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>
    /// The longest pause between two tries, unless the channel asks for a longer one. Range 10 ms to 1 h, default 1 min, and not below
    /// <see cref="FirstRetry"/>.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00.01", "01:00:00")]
    public TimeSpan MaxRetryPause { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>
    /// How many notifications may wait for one channel. Range 10 to 100,000, default 1,000. One more is sent over the next channel at once.
    /// </summary>
    [Range(10, 100_000)]
    public int MaxWaiting { get; set; } = 1000;

    /// <summary>The escalation policy, until an operator changes it while the server runs.</summary>
    public EscalationOptions Escalation { get; set; } = new();

    /// <summary>The watchdog.</summary>
    public WatchdogOptions Watchdog { get; set; } = new();
}

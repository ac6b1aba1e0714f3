namespace Netra.Pipeline.Alerting;

/// <summary>A notification that comes again and again while alerting works, so that its absence is an alarm. Configuration section <c>Netra:Alerting:Watchdog</c>.</summary>
public sealed class WatchdogOptions
{
    /// <summary>The channel that gets it. Default none: there is no watchdog.</summary>
    public string? Channel { get; set; }

    /// <summary>How often. Range 1 s to 1 day, default 5 min.</summary>
    public TimeSpan Interval { get; set; } = TimeSpan.FromMinutes(5);
}

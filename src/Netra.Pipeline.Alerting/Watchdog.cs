namespace Netra.Pipeline.Alerting;

/// <summary>
/// Sends a notification in regular intervals while alerting works, so that its receiver can raise an alarm when it stays away. Called by
/// one loop.
/// </summary>
internal sealed class Watchdog(WatchdogOptions options, NotificationOutbox outbox, AlertClock clock, TimeProvider time)
{
    private const string Name = "watchdog";

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        if (options.Channel is not { Length: > 0 } channel)
        {
            return;
        }

        using var timer = new PeriodicTimer(options.Interval, time);
        do
        {
            var now = clock.Now;
            outbox.Add([new OutboxEntry(Notification(now), channel, Name, [], Attempts: 0, now, IsOnce: true)]);
        }
        while (await timer.WaitForNextTickAsync(cancellationToken));
    }

    private AlertNotification Notification(DateTimeOffset now) => new(
        $"{Name}.{now.ToUnixTimeMilliseconds()}",
        NotificationKind.Trigger,
        Name,
        Name,
        AlertSeverity.Low,
        EscalationLevel.Operations,
        "Alerting works",
        $"It comes every {options.Interval}. When it stays away, nobody is told of alerts.",
        now,
        now);
}

/// <summary>
/// A notification that is sent in regular intervals while alerting works, so that its absence is an alarm. Configuration section
/// <c>Netra:Alerting:Watchdog</c>.
/// </summary>
public sealed class WatchdogOptions
{
    /// <summary>The channel that gets it. Default none: there is no watchdog.</summary>
    public string? Channel { get; set; }

    /// <summary>How often. Range 1 s to 1 day, default 5 min.</summary>
    public TimeSpan Interval { get; set; } = TimeSpan.FromMinutes(5);
}

namespace Netra.Pipeline.Peers;

/// <summary>
/// The events of one connection: number i is due i intervals after the connection has begun, all at once where there is no interval.
/// What is late is sent as soon as the connection takes it, so that no delay adds up. Safe from any thread.
/// </summary>
/// <param name="events">How many there are.</param>
/// <param name="intervalMs">From one to the next, in ms; 0 for as fast as the connection takes them.</param>
internal sealed class Series(long events, double intervalMs)
{
    private static readonly TimeSpan ShortestPeriod = TimeSpan.FromMilliseconds(1);

    // Timers run on a clock that goes in steps of 4 ms on Linux, so that a tick may come that much too early: its event is not to wait for
    // the next tick.
    private static readonly TimeSpan TimerStep = TimeSpan.FromMilliseconds(5);

    /// <summary>How many there are.</summary>
    public long Events => events;

    /// <summary>Sends all of them.</summary>
    /// <param name="sendAsync">Sends one, and waits until the connection takes the next.</param>
    /// <param name="cancellationToken">The connection is gone, or the host stops.</param>
    public async Task SendAsync(Func<CancellationToken, ValueTask> sendAsync, CancellationToken cancellationToken)
    {
        if (intervalMs == 0)
        {
            for (var sent = 0L; sent < events; sent++)
            {
                cancellationToken.ThrowIfCancellationRequested();
                await sendAsync(cancellationToken);
            }
        }
        else
        {
            await SendPacedAsync(sendAsync, cancellationToken);
        }
    }

    private async Task SendPacedAsync(Func<CancellationToken, ValueTask> sendAsync, CancellationToken cancellationToken)
    {
        var interval = TimeSpan.FromMilliseconds(intervalMs);
        var tolerance = interval / 2 < TimerStep ? interval / 2 : TimerStep;
        using var timer = new PeriodicTimer(interval < ShortestPeriod ? ShortestPeriod : interval, TimeProvider.System);
        var begun = TimeProvider.System.GetTimestamp();
        for (var sent = 0L; sent < events;)
        {
            await timer.WaitForNextTickAsync(cancellationToken);
            for (var due = Math.Min(events, (long)((TimeProvider.System.GetElapsedTime(begun) + tolerance) / interval)); sent < due; sent++)
            {
                await sendAsync(cancellationToken);
            }
        }
    }
}

namespace Netra.Pipeline.Client;

/// <summary>Notices that nothing at all has arrived for too long (docs/protocol.md, section 5).</summary>
internal sealed class SilenceWatch(MessageReceiver receiver, TimeProvider time)
{
    /// <summary>How late a timer may be before it says more about this process than about the server.</summary>
    private static readonly TimeSpan Suspension = TimeSpan.FromSeconds(2);

    /// <summary>Watches until the connection ends, or is silent.</summary>
    /// <returns>Whether it is silent.</returns>
    public async Task<bool> RunAsync(TimeSpan limit, CancellationToken cancellationToken)
    {
        var pause = limit;
        try
        {
            while (true)
            {
                var began = time.GetTimestamp();
                await Task.Delay(pause, time, cancellationToken);
                var late = time.GetElapsedTime(began) - pause;
                var left = limit - receiver.Silence;
                if (receiver.IsResting || left > TimeSpan.Zero)
                {
                    pause = left > TimeSpan.Zero ? left : limit;
                }
                else if (late > Suspension)
                {
                    // This process did not run: what arrived meanwhile is still on its way to it.
                    pause = Suspension;
                }
                else
                {
                    return true;
                }
            }
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }
}

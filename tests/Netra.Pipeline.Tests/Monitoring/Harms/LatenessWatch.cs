namespace Netra.Pipeline.Tests.Monitoring.Harms;

/// <summary>
/// How late this process itself is: on a machine with other work, what it measures of others has its own waiting in
/// it. Safe from any thread.
/// </summary>
internal sealed class LatenessWatch : IAsyncDisposable
{
    private static readonly TimeSpan Beat = TimeSpan.FromMilliseconds(20);

    private readonly CancellationTokenSource _over = new();
    private readonly Task _beating;
    private long _worst;

    public LatenessWatch() => _beating = BeatAsync();

    /// <summary>The worst since it was reset.</summary>
    public TimeSpan Worst => TimeSpan.FromTicks(Volatile.Read(ref _worst));

    public void Reset() => Volatile.Write(ref _worst, 0);

    public async ValueTask DisposeAsync()
    {
        await _over.CancelAsync();
        await _beating;
        _over.Dispose();
    }

    private async Task BeatAsync()
    {
        try
        {
            while (true)
            {
                var began = TimeProvider.System.GetTimestamp();
                await Task.Delay(Beat, TimeProvider.System, _over.Token);
                var late = TimeProvider.System.GetElapsedTime(began) - Beat;
                if (late > Worst)
                {
                    Volatile.Write(ref _worst, late.Ticks);
                }
            }
        }
        catch (OperationCanceledException)
        {
            // It is over.
        }
    }
}

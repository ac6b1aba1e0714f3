using Netra.Pipeline.Load.Measuring;

namespace Netra.Pipeline.Load.Attacks;

/// <summary>What the server takes while something goes on, looked at five times a second. Without a process nothing is measured.</summary>
internal sealed class ServerWatch(ServerProcess? process)
{
    private static readonly TimeSpan Period = TimeSpan.FromMilliseconds(200);
    private double? _memoryPeak;
    private double? _handlesPeak;

    /// <summary>Whether the process has ended.</summary>
    public bool HasEnded => process is not null && process.CpuMicroseconds is null;

    public double? Memory => process?.ResidentBytes;

    public double? Handles => process?.OpenHandles;

    public double? Cpu => process?.CpuMicroseconds;

    /// <summary>Looks until it is cancelled.</summary>
    public async Task WatchAsync(CancellationToken cancellationToken)
    {
        (_memoryPeak, _handlesPeak) = (Memory, Handles);
        while (!cancellationToken.IsCancellationRequested)
        {
            await Task.Delay(Period, TimeProvider.System, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            _memoryPeak = Larger(_memoryPeak, Memory);
            _handlesPeak = Larger(_handlesPeak, Handles);
        }
    }

    /// <summary>The most since watching began.</summary>
    public (double? Memory, double? Handles) TakePeaks() => (_memoryPeak, _handlesPeak);

    private static double? Larger(double? one, double? other) => one is null || other > one ? other : one;
}

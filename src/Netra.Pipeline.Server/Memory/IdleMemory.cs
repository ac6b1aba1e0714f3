namespace Netra.Pipeline.Server.Memory;

/// <summary>
/// Gives memory back to the system when load has ended. What is freed stays with the collector until it compacts, and a process with
/// nothing to do allocates nothing that would make it collect: a burst would be paid for until the
/// next one. Only the standalone server does this: its process is its own.
/// </summary>
/// <remarks>
/// A compacting collection stops the process for a moment, so it happens only when next to nothing has been allocated for a while, when
/// much may come back, and seldom. Called by its timer, one call at a time.
/// <c>DOTNET_GCRetainVM=1</c> switches it off: then the operator wants to keep what was once taken.
/// </remarks>
internal sealed partial class IdleMemory(Func<MemorySample> read, Action giveBack, ILogger<IdleMemory> logger, TimeProvider time)
    : IHostedService, IDisposable
{
    /// <summary>How often it looks.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromSeconds(5);

    /// <summary>What a calm process allocates at most in an interval: its own rounds, and the pings of thousands of idle pages.</summary>
    public const long CalmBytes = 20L * 1024 * 1024;

    /// <summary>How much more than after the last time must be held.</summary>
    public const long MinBytes = 128L * 1024 * 1024;

    private const long Mebibyte = 1024 * 1024;
    private const int CalmRounds = 3;
    private static readonly TimeSpan Pause = TimeSpan.FromMinutes(5);

    private ITimer? _timer;
    private long _allocated;
    private long _held;
    private long _notBefore = long.MinValue;
    private int _calmRounds;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        var sample = read();
        (_allocated, _held) = (sample.AllocatedBytes, sample.CommittedBytes);
        if (GC.GetConfigurationVariables().TryGetValue("RetainVM", out var retains) && retains is true)
        {
            return Task.CompletedTask;
        }

        _timer = time.CreateTimer(static memory => ((IdleMemory)memory!).Look(), this, Interval, Timeout.InfiniteTimeSpan);
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken)
    {
        Dispose();
        return Task.CompletedTask;
    }

    public void Dispose() => _timer?.Dispose();

    private void Look()
    {
        var sample = read();
        _calmRounds = sample.AllocatedBytes - _allocated <= CalmBytes ? _calmRounds + 1 : 0;
        _allocated = sample.AllocatedBytes;
        if (_calmRounds >= CalmRounds && sample.CommittedBytes - _held >= MinBytes && time.GetTimestamp() >= _notBefore)
        {
            var begun = time.GetTimestamp();
            giveBack();
            var after = read();
            var (returned, kept) = (sample.CommittedBytes - after.CommittedBytes, after.CommittedBytes);
            Log.GaveBack(logger, returned / Mebibyte, kept / Mebibyte, time.GetElapsedTime(begun).TotalMilliseconds);
            (_allocated, _held) = (after.AllocatedBytes, after.CommittedBytes);
            _notBefore = time.GetTimestamp() + (long)(Pause.TotalSeconds * time.TimestampFrequency);
        }

        // Set anew each time: one call at a time, however long it took.
        _timer?.Change(Interval, Timeout.InfiniteTimeSpan);
    }

    private static partial class Log
    {
        [LoggerMessage(
            Telemetry.ServerEventIds.MemoryGivenBack,
            LogLevel.Information,
            "Load has ended: {Returned} MiB were given back to the system, {Kept} MiB are kept; it took {Milliseconds:F0} ms",
            EventName = nameof(Telemetry.ServerEventIds.MemoryGivenBack))]
        public static partial void GaveBack(ILogger logger, long returned, long kept, double milliseconds);
    }
}

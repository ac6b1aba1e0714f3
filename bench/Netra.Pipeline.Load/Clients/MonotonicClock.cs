namespace Netra.Pipeline.Load.Clients;

/// <summary>The monotonic clock of the machine in nanoseconds, on Linux the same for all processes (CLOCK_MONOTONIC).</summary>
internal static class MonotonicClock
{
    public const long NanosecondsPerSecond = 1_000_000_000;

    private static readonly double Factor = (double)NanosecondsPerSecond / TimeProvider.System.TimestampFrequency;

    /// <summary>Now.</summary>
    public static long Now
    {
        get
        {
            var timestamp = TimeProvider.System.GetTimestamp();
            return TimeProvider.System.TimestampFrequency == NanosecondsPerSecond ? timestamp : (long)(timestamp * Factor);
        }
    }

    /// <summary>How long ago something was.</summary>
    public static TimeSpan Since(long then) => TimeSpan.FromTicks((Now - then) / TimeSpan.NanosecondsPerTick);
}

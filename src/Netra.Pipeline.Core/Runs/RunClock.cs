using Netra.Pipeline.Diagnostics;

namespace Netra.Pipeline.Runs;

/// <summary>
/// The time by which runs are judged: monotonic, without the gaps in which the process did not run (<see cref="ServedTime"/>), and standing
/// still while no publisher could be heard, or no verdict could be stored. So whatever is the server's own trouble moves all leases, waits
/// and tools by its length, and shortens none.
/// </summary>
/// <remarks>Safe from any thread; reading takes no lock.</remarks>
/// <param name="time">The clock below it.</param>
internal sealed class RunClock(TimeProvider time)
{
    // Not 0, which stands for no time.
    private const long Origin = TimeSpan.TicksPerSecond;

    private readonly Lock _gate = new();
    private readonly long _origin = time.GetTimestamp();
    private long _lost;
    private long _standsAt;

    /// <summary>How many ticks have passed; above 0.</summary>
    public long Now => At(time.GetTimestamp());

    /// <summary>This time at a timestamp that was just taken, which saves another reading of the clock.</summary>
    /// <param name="timestamp">The moment.</param>
    public long At(long timestamp)
        => Volatile.Read(ref _standsAt) is not 0 and var stands ? stands : PassedAt(timestamp) - Volatile.Read(ref _lost);

    /// <summary>Makes it stand, or go.</summary>
    public void Set(bool isStanding)
    {
        lock (_gate)
        {
            if (isStanding && _standsAt == 0)
            {
                Volatile.Write(ref _standsAt, Now);
            }
            else if (!isStanding && _standsAt != 0)
            {
                // In this order: a reader that sees that it goes sees what was lost.
                Volatile.Write(ref _lost, PassedAt(time.GetTimestamp()) - _standsAt);
                Volatile.Write(ref _standsAt, 0);
            }
        }
    }

    private long PassedAt(long timestamp) => time.GetElapsedTime(_origin, timestamp).Ticks + Origin;
}

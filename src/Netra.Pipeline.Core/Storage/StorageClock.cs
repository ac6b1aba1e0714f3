namespace Netra.Pipeline.Storage;

/// <summary>
/// The log's own time, by which it keeps things and lets them go: it begins as the wall clock's, goes on with time that passes, and does
/// not follow when the wall clock is set. So neither a step of a day, nor an hour in
/// which the clock was wrong, makes anything older or younger than it is. What is handed to the log is labelled by the wall clock, and so
/// is what it shows; inside, every label is of this time.
/// </summary>
/// <remarks>
/// Safe from any thread. Each reading tells a step from time that passes by holding the wall clock against a timestamp; two threads
/// that find the same step find the same answer. A reading that was held up in between is made again: what has passed would look like a
/// step, and a small one would stay. Both clocks are read once a second at most for moments that have just been read off the wall clock:
/// one that is less than a second after the last look, and not before it, has seen no step.
/// </remarks>
internal sealed class StorageClock(TimeProvider time)
{
    // What is less is the clock's own unsteadiness, and no step.
    private const long LeastStep = TimeSpan.TicksPerSecond;

    // How long reading both clocks may take.
    private const long LongestReading = 10 * TimeSpan.TicksPerMillisecond;

    private readonly long _begunAt = time.GetTimestamp();
    private long _begun = time.GetUtcNow().UtcTicks;
    private long _ahead;
    private long _lookedAt = long.MinValue / 2;

    /// <summary>This time.</summary>
    public DateTimeOffset Now => Moved(time.GetUtcNow(), Ahead());

    /// <summary>
    /// Goes on where a log stood when it was last saved: what the wall clock says has passed since then has passed, but never less than
    /// nothing.
    /// </summary>
    /// <param name="now">This time at that moment, in ticks; 0 for a log that has no time yet.</param>
    /// <param name="wall">The wall clock at that moment.</param>
    public void GoOn(long now, long wall)
    {
        if (now != 0)
        {
            _begun = now + Math.Max(0, time.GetUtcNow().UtcTicks - wall);
        }
    }

    /// <summary>This time at a moment that the wall clock names as it goes now.</summary>
    public DateTimeOffset OfWall(DateTimeOffset moment)
    {
        var isJustAfterLook = moment.UtcTicks - Volatile.Read(ref _lookedAt) is >= 0 and < LeastStep;
        return Moved(moment, isJustAfterLook ? Volatile.Read(ref _ahead) : Ahead());
    }

    /// <summary>What the wall clock, as it goes now, said at a moment of this time.</summary>
    public DateTimeOffset ToWall(DateTimeOffset moment) => Moved(moment, -Ahead());

    /// <summary>How far this time is ahead of the wall clock, in ticks; 0 unless the clock was set.</summary>
    public long Ahead()
    {
        var (ahead, wall) = Look();
        var known = Volatile.Read(ref _ahead);
        if (Math.Abs(ahead - known) < LeastStep)
        {
            ahead = known;
        }
        else
        {
            Volatile.Write(ref _ahead, ahead);
        }

        // Afterwards: a thread that reads it finds at least this step.
        Volatile.Write(ref _lookedAt, wall);
        return ahead;
    }

    private (long Ahead, long Wall) Look()
    {
        while (true)
        {
            var passed = time.GetElapsedTime(_begunAt).Ticks;
            var wall = time.GetUtcNow().UtcTicks;
            if (time.GetElapsedTime(_begunAt).Ticks - passed < LongestReading)
            {
                return (_begun + passed - wall, wall);
            }
        }
    }

    private static DateTimeOffset Moved(DateTimeOffset moment, long ticks)
        => ticks == 0
            ? moment
            : new DateTimeOffset((long)Int128.Clamp((Int128)moment.UtcTicks + ticks, 0, DateTimeOffset.MaxValue.UtcTicks), TimeSpan.Zero);
}

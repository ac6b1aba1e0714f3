namespace Netra.Pipeline.Tests.Infrastructure;

/// <summary>
/// Time that passes only when a test says so. <see cref="Advance"/> fires timers on the calling thread, in the order in which they are due
/// (those due together: in the order in which they were set), with the clock standing at each one's time. A timer due at once fires at the
/// next <see cref="Advance"/>, be it by zero.
/// </summary>
/// <remarks>
/// Timestamps have neither the unit of ticks, nor of nanoseconds, and do not begin at zero, so code that takes them for one of these fails.
/// The default frequency is a power of two times that of ticks: elapsed times come out exact, and a test may advance by exactly a timeout.
/// </remarks>
internal sealed class TestTimeProvider : TimeProvider
{
    private const long TimestampOrigin = 7_777_777_777;

    private readonly Lock _lock = new();
    private readonly List<TestTimer> _timers = [];
    private TimeSpan _elapsed;
    private TimeSpan _wallClockShift;
    private long _timersSet;

    public TestTimeProvider(long timestampFrequency = 40_000_000)
    {
        TimestampFrequency = timestampFrequency;
    }

    /// <summary>When the clock began: an unremarkable moment with a fraction.</summary>
    public static DateTimeOffset Start { get; } = new DateTimeOffset(2026, 3, 29, 0, 59, 58, TimeSpan.Zero).AddTicks(1_234_567);

    public override long TimestampFrequency { get; }

    public override TimeZoneInfo LocalTimeZone => TimeZoneInfo.Utc;

    /// <summary>How many timers wait to fire.</summary>
    public int ActiveTimers
    {
        get
        {
            lock (_lock)
            {
                return _timers.Count;
            }
        }
    }

    /// <summary>How much time has passed.</summary>
    public TimeSpan Elapsed
    {
        get
        {
            lock (_lock)
            {
                return _elapsed;
            }
        }
    }

    public override DateTimeOffset GetUtcNow()
    {
        lock (_lock)
        {
            return Start + _elapsed + _wallClockShift;
        }
    }

    public override long GetTimestamp() => TimestampOrigin + (long)((Int128)Elapsed.Ticks * TimestampFrequency / TimeSpan.TicksPerSecond);

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        ArgumentNullException.ThrowIfNull(callback);
        var timer = new TestTimer(this, callback, state);
        timer.Change(dueTime, period);
        return timer;
    }

    /// <summary>Lets time pass, and fires what becomes due. What a callback throws comes out here.</summary>
    public void Advance(TimeSpan by)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(by, TimeSpan.Zero);
        var end = Elapsed + by;
        while (TakeNextDue(end) is { } timer)
        {
            timer.Fire();
        }

        lock (_lock)
        {
            // A callback may have advanced further by itself.
            _elapsed = _elapsed > end ? _elapsed : end;
        }
    }

    /// <summary>
    /// Lets time pass in which this process does not run, as one that was stopped (SIGSTOP) or whose machine was moved: the clocks go on,
    /// no timer fires. Those that became due fire once each, late, at the next <see cref="Advance"/>.
    /// </summary>
    public void StandStill(TimeSpan by)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(by, TimeSpan.Zero);
        lock (_lock)
        {
            _elapsed += by;
            foreach (var late in _timers.Where(timer => timer.Due < _elapsed))
            {
                late.Due = _elapsed;
            }
        }
    }

    /// <summary>Sets the wall clock forward or back, as an operator or NTP does; timestamps and timers do not notice.</summary>
    public void ShiftWallClock(TimeSpan by)
    {
        lock (_lock)
        {
            _wallClockShift += by;
        }
    }

    internal void Set(TestTimer timer, TimeSpan dueTime, TimeSpan period)
    {
        lock (_lock)
        {
            _timers.Remove(timer);
            if (dueTime != Timeout.InfiniteTimeSpan)
            {
                timer.Due = _elapsed + dueTime;
                timer.Period = period;
                timer.Order = _timersSet++;
                _timers.Add(timer);
            }
        }
    }

    internal void Remove(TestTimer timer)
    {
        lock (_lock)
        {
            _timers.Remove(timer);
        }
    }

    private TestTimer? TakeNextDue(TimeSpan end)
    {
        lock (_lock)
        {
            var next = _timers.Where(timer => timer.Due <= end).MinBy(timer => (timer.Due, timer.Order));
            if (next is null)
            {
                return null;
            }

            _elapsed = next.Due > _elapsed ? next.Due : _elapsed;
            if (next.Period > TimeSpan.Zero)
            {
                next.Due += next.Period;
                next.Order = _timersSet++;
            }
            else
            {
                _timers.Remove(next);
            }

            return next;
        }
    }
}

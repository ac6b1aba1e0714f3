namespace Netra.Pipeline.Diagnostics;

/// <summary>
/// The host's clock, with timestamps that leave out the gaps in which this process did not serve: stopped (SIGSTOP, a virtual machine that
/// is moved), or with a thread pool that ran nothing. A deadline of a guard that is kept on these timestamps judges the other side by the
/// time in which it could have been heard, and never by the process's own absence. A timer that is due once comes when its time has been
/// served; the wall clock and periodic timers are the host's.
/// </summary>
/// <remarks>
/// A timer beats every <see cref="BeatPeriod"/>. Between two beats no more than <see cref="MaxStep"/> passes, also for a reader that comes
/// before the late beat. From the last beat to the first read after a gap there is no race, therefore: what is read never leaps by more.
/// Before <see cref="Start"/> and after <see cref="Dispose"/> nothing is left out. Safe from any thread; reading takes no lock, and what a
/// thread reads is never earlier than what was read before.
/// </remarks>
/// <param name="time">The host's clock.</param>
internal sealed class ServedTime(TimeProvider time) : TimeProvider, IThreadPoolWorkItem, IDisposable
{
    /// <summary>How often the beat comes.</summary>
    public static readonly TimeSpan BeatPeriod = TimeSpan.FromMilliseconds(200);

    /// <summary>How much may pass between two beats. What is more is a gap.</summary>
    public static readonly TimeSpan MaxStep = TimeSpan.FromSeconds(1);

    // In the future of every clock, and far enough from the largest number to subtract from.
    private const long NotBeating = long.MaxValue / 2;

    private readonly long _maxStep = (long)(MaxStep.TotalSeconds * time.TimestampFrequency);
    private readonly Lock _gate = new();

    // The runtime's timers overtake what waits for a thread of the pool. The beat must not, or a starved pool would look like one that
    // serves; a test clock beats as it is turned.
    private readonly bool _isQueued = time == System;
    private int _queued;
    private ITimer? _timer;
    private Beat _beat = new(NotBeating, Lost: 0, Gaps: 0);
    private bool _isDisposed;

    /// <summary>
    /// How many gaps there were. A guard with deadlines looks whether there was one since its last look, and if so
    /// looks once more before it judges.
    /// </summary>
    public long Gaps
    {
        get
        {
            var beat = Volatile.Read(ref _beat);
            return beat.Gaps + (Excess(beat, time.GetTimestamp()) > 0 ? 1 : 0);
        }
    }

    /// <summary>How much time was left out in all.</summary>
    public TimeSpan Lost
    {
        get
        {
            var beat = Volatile.Read(ref _beat);
            return time.GetElapsedTime(0, beat.Lost + Excess(beat, time.GetTimestamp()));
        }
    }

    public override long TimestampFrequency => time.TimestampFrequency;

    public override TimeZoneInfo LocalTimeZone => time.LocalTimeZone;

    /// <summary>Begins to beat. Once.</summary>
    public void Start()
    {
        lock (_gate)
        {
            if (_timer is null && !_isDisposed)
            {
                Volatile.Write(ref _beat, new Beat(time.GetTimestamp(), Lost: 0, Gaps: 0));
                _timer = time.CreateTimer(static served => ((ServedTime)served!).OnTimer(), this, BeatPeriod, BeatPeriod);
            }
        }
    }

    public override long GetTimestamp()
    {
        // The beat first: read after the clock it might be younger than it.
        var beat = Volatile.Read(ref _beat);
        var now = time.GetTimestamp();
        return now - beat.Lost - Excess(beat, now);
    }

    public override DateTimeOffset GetUtcNow() => time.GetUtcNow();

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new ServedTimer(this, time, callback, state);
        timer.Change(dueTime, period);
        return timer;
    }

    public void Dispose()
    {
        lock (_gate)
        {
            _isDisposed = true;
            _timer?.Dispose();
            OnBeat();

            // A beat on its way to the pool finds that this is no longer what it has read.
            Volatile.Write(ref _beat, _beat with { At = NotBeating });
        }
    }

    void IThreadPoolWorkItem.Execute()
    {
        Volatile.Write(ref _queued, 0);
        OnBeat();
    }

    private void OnTimer()
    {
        if (!_isQueued)
        {
            OnBeat();
        }
        else if (Interlocked.Exchange(ref _queued, 1) == 0)
        {
            ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
        }
    }

    private void OnBeat()
    {
        var beat = Volatile.Read(ref _beat);
        if (beat.At == NotBeating)
        {
            return;
        }

        var now = time.GetTimestamp();
        var excess = Excess(beat, now);
        Interlocked.CompareExchange(ref _beat, new Beat(now, beat.Lost + excess, beat.Gaps + (excess > 0 ? 1 : 0)), beat);
    }

    private long Excess(Beat beat, long now) => Math.Max(0, now - beat.At - _maxStep);

    /// <summary>The last beat: when it was, by the host's timestamps, and what had been left out until then.</summary>
    private sealed record Beat(long At, long Lost, long Gaps);
}

/// <summary>
/// A timer of <see cref="ServedTime"/>: due once, it comes when its time has been served, and not right after a gap, before those it is to
/// judge could be heard; periodic, it is the host's. Safe from any thread, as timers are.
/// </summary>
internal sealed class ServedTimer : ITimer
{
    // Timers come a little early by the clock of the timestamps.
    private static readonly TimeSpan Early = TimeSpan.FromMilliseconds(16);

    private readonly ServedTime _served;
    private readonly TimerCallback _callback;
    private readonly object? _state;
    private readonly ITimer _timer;
    private readonly Lock _gate = new();
    private TimeSpan _dueTime = Timeout.InfiniteTimeSpan;
    private long _since;

    /// <summary>A timer that is not set.</summary>
    /// <param name="served">By what it is measured.</param>
    /// <param name="time">The host's clock, which wakes it.</param>
    /// <param name="callback">What it calls.</param>
    /// <param name="state">With what.</param>
    public ServedTimer(ServedTime served, TimeProvider time, TimerCallback callback, object? state)
    {
        (_served, _callback, _state) = (served, callback, state);
        _timer = time.CreateTimer(
            static timer => ((ServedTimer)timer!).OnTimer(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    public bool Change(TimeSpan dueTime, TimeSpan period)
    {
        lock (_gate)
        {
            _dueTime = period == Timeout.InfiniteTimeSpan ? dueTime : Timeout.InfiniteTimeSpan;
            _since = _served.GetTimestamp();
            return _timer.Change(dueTime, period);
        }
    }

    public void Dispose() => _timer.Dispose();

    public ValueTask DisposeAsync() => _timer.DisposeAsync();

    private void OnTimer()
    {
        lock (_gate)
        {
            if (_dueTime != Timeout.InfiniteTimeSpan && _dueTime - _served.GetElapsedTime(_since) is var left && left > Early)
            {
                _timer.Change(left, Timeout.InfiniteTimeSpan);
                return;
            }
        }

        _callback(_state);
    }
}

namespace Netra.Pipeline.Diagnostics;

/// <summary>
/// A timer of <see cref="ServedTime"/>: due once, it comes when its time has been served, and not right after a gap, before those it is to judge could be heard; periodic, it is the host's. Safe from any thread, as timers are.
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
        _timer = time.CreateTimer(static timer => ((ServedTimer)timer!).OnTimer(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
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

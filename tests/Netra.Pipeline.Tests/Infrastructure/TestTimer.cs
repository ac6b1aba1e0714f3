namespace Netra.Pipeline.Tests.Infrastructure;

/// <summary>A timer of a <see cref="TestTimeProvider"/>, which guards its mutable state.</summary>
internal sealed class TestTimer(TestTimeProvider time, TimerCallback callback, object? state) : ITimer
{
    private volatile bool _disposed;

    internal TimeSpan Due { get; set; }

    internal TimeSpan Period { get; set; }

    internal long Order { get; set; }

    public bool Change(TimeSpan dueTime, TimeSpan period)
    {
        RequireTime(dueTime, nameof(dueTime));
        RequireTime(period, nameof(period));
        if (_disposed)
        {
            return false;
        }

        time.Set(this, dueTime, period);
        return true;
    }

    public void Dispose()
    {
        _disposed = true;
        time.Remove(this);
    }

    public ValueTask DisposeAsync()
    {
        Dispose();
        return ValueTask.CompletedTask;
    }

    internal void Fire()
    {
        if (!_disposed)
        {
            callback(state);
        }
    }

    // The system's timers refuse the same, so code that would fail there fails in tests too.
    private static void RequireTime(TimeSpan value, string name)
    {
        if (value != Timeout.InfiniteTimeSpan && (value < TimeSpan.Zero || value.TotalMilliseconds > uint.MaxValue - 1))
        {
            throw new ArgumentOutOfRangeException(name, value, "must be infinite, or from 0 to 2^32 - 2 ms");
        }
    }
}

namespace Netra.Pipeline.Monitoring.Health;

/// <summary>
/// Measures how long a work item waits for a thread of the pool. <see cref="OnTick"/> is called by the tick alone; the work item runs on
/// the pool.
/// </summary>
internal sealed class ThreadPoolProbe(TimeProvider time) : IThreadPoolWorkItem
{
    private long _queuedAt;
    private long _delayTicks;

    /// <summary>The delay of the last work item, or of the one that still waits, whichever is longer.</summary>
    public TimeSpan Delay
    {
        get
        {
            var last = TimeSpan.FromTicks(Interlocked.Read(ref _delayTicks));
            var waiting = Interlocked.Read(ref _queuedAt) is not 0 and var since ? time.GetElapsedTime(since) : TimeSpan.Zero;
            return waiting > last ? waiting : last;
        }
    }

    /// <summary>Whether a work item still waits.</summary>
    public bool IsUnderWay => Interlocked.Read(ref _queuedAt) != 0;

    public void OnTick()
    {
        if (Interlocked.CompareExchange(ref _queuedAt, time.GetTimestamp(), 0) == 0)
        {
            ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
        }
    }

    void IThreadPoolWorkItem.Execute()
    {
        Interlocked.Exchange(ref _delayTicks, time.GetElapsedTime(Interlocked.Read(ref _queuedAt)).Ticks);
        Interlocked.Exchange(ref _queuedAt, 0);
    }
}

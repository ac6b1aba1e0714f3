namespace Netra.Pipeline.Monitoring.Metrics;

/// <summary>The past hour for trends, one point in ten seconds. Bounded. Added to by the tick alone, read from any thread.</summary>
internal sealed class SnapshotHistory
{
    private const int EveryTicks = 10;
    private const int Kept = 360;

    private readonly Lock _gate = new();
    private readonly Queue<MonitoringSnapshot> _points = new();
    private int _ticks;

    /// <summary>The points, oldest first.</summary>
    public IReadOnlyList<MonitoringSnapshot> Points
    {
        get
        {
            lock (_gate)
            {
                return [.. _points];
            }
        }
    }

    public void Add(MonitoringSnapshot snapshot)
    {
        if (_ticks++ % EveryTicks != 0)
        {
            return;
        }

        lock (_gate)
        {
            _points.Enqueue(snapshot);
            if (_points.Count > Kept)
            {
                _points.Dequeue();
            }
        }
    }
}

using Netra.Pipeline.Diagnostics;

namespace Netra.Pipeline.Monitoring.Metrics;

/// <summary>Connections that were dropped in the last minute. Adding is safe from any thread; the tick is the monitor's.</summary>
internal sealed class ConnectionDrops
{
    private readonly SlidingCount _count = new();

    public double LastMinute => _count.LastMinute;

    public long Total => _count.Total;

    public void Add() => _count.Add();

    public void OnTick() => _count.OnTick();
}

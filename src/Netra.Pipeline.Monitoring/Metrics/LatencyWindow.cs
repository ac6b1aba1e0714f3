namespace Netra.Pipeline.Monitoring.Metrics;

/// <summary>
/// The latencies of the last minute, in six histograms of which the oldest is cleared every ten seconds. Adding is safe from any thread;
/// <see cref="OnTick"/> is called by the tick alone.
/// </summary>
internal sealed class LatencyWindow(TimeProvider time)
{
    private const int Slots = 6;
    private static readonly TimeSpan SlotLength = TimeSpan.FromSeconds(10);

    private readonly LatencyHistogram[] _slots = [.. Enumerable.Range(0, Slots).Select(static _ => new LatencyHistogram())];
    private readonly LatencyHistogram[] _seen = [.. Enumerable.Range(0, Slots).Select(static _ => new LatencyHistogram())];
    private int _current;
    private long _turnedAt = time.GetTimestamp();

    public void Add(TimeSpan latency, int times) => _slots[Volatile.Read(ref _current)].Add(latency, times);

    /// <summary>What came since the tick before the last one. Of the tick alone.</summary>
    public LatencyHistogram New { get; private set; } = new();

    public void OnTick()
    {
        // Of all of them: whoever adds may have chosen its histogram before the last turn.
        var added = new LatencyHistogram();
        for (var i = 0; i < Slots; i++)
        {
            added.AddNew(_slots[i], _seen[i]);
        }

        New = added;
        if (time.GetElapsedTime(_turnedAt) < SlotLength)
        {
            return;
        }

        _turnedAt = time.GetTimestamp();
        var next = (_current + 1) % Slots;
        _slots[next].Clear();
        _seen[next].Clear();
        Volatile.Write(ref _current, next);
    }

    /// <summary>All of the last minute in one.</summary>
    public LatencyHistogram Read()
    {
        var all = new LatencyHistogram();
        foreach (var slot in _slots)
        {
            all.Add(slot);
        }

        return all;
    }
}

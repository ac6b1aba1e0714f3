namespace Netra.Pipeline.Diagnostics;

/// <summary>
/// How often something happened in the last minute. Adding is safe from any thread and takes one atomic addition; <see cref="OnTick"/> and
/// <see cref="LastMinute"/> are called by the tick alone, once a second.
/// </summary>
internal sealed class SlidingCount
{
    private const int Seconds = 60;

    private readonly long[] _ring = new long[Seconds];
    private long _total;
    private long _seen;
    private int _at;

    /// <summary>How often it happened since the start.</summary>
    public long Total => Interlocked.Read(ref _total);

    /// <summary>How often it happened in the last 60 seconds, by the last tick.</summary>
    public long LastMinute { get; private set; }

    public void Add(long count = 1) => Interlocked.Add(ref _total, count);

    public void OnTick()
    {
        var total = Total;
        LastMinute += total - _seen - _ring[_at];
        _ring[_at] = total - _seen;
        _seen = total;
        _at = (_at + 1) % Seconds;
    }
}

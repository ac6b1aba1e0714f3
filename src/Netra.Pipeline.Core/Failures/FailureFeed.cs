namespace Netra.Pipeline.Failures;

/// <summary>
/// The latest failures, for the monitor. Bounded: the newest replaces the oldest, and those that are told together are one entry with their
/// <see cref="Failure.Count"/>. Safe for any number of threads.
/// </summary>
public sealed class FailureFeed
{
    private readonly Lock _lock = new();
    private readonly Failure[] _ring;
    private long _added;
    private long _total;

    /// <summary>An empty feed.</summary>
    /// <param name="capacity">How many failures are kept, from 1 to 1,000,000; default 1,000.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="capacity"/> is outside its range.</exception>
    public FailureFeed(int capacity = 1000)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(capacity, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(capacity, 1_000_000);
        _ring = new Failure[capacity];
    }

    /// <summary>How many failures are kept.</summary>
    public int Capacity => _ring.Length;

    /// <summary>How many failures were ever added, also of those told together.</summary>
    public long Total => Interlocked.Read(ref _total);

    /// <summary>Adds a failure.</summary>
    public void Add(Failure failure)
    {
        lock (_lock)
        {
            Append(failure, failure.Count);
        }
    }

    /// <summary>Puts a failure that has grown in the place of what it was.</summary>
    internal void Replace(Failure earlier, Failure grown)
    {
        lock (_lock)
        {
            var count = grown.Count - earlier.Count;
            for (var at = _added - 1; at >= Math.Max(0, _added - _ring.Length); at--)
            {
                if (ReferenceEquals(_ring[at % _ring.Length], earlier))
                {
                    _ring[at % _ring.Length] = grown;

                    // Total is read without the lock.
                    Interlocked.Add(ref _total, count);
                    return;
                }
            }

            Append(grown, count);
        }
    }

    /// <summary>The latest failures, newest first.</summary>
    /// <param name="max">How many at most, from 0.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="max"/> is negative.</exception>
    public IReadOnlyList<Failure> Latest(int max)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(max);
        lock (_lock)
        {
            var latest = new Failure[Math.Min(max, Math.Min(_added, _ring.Length))];
            for (var i = 0; i < latest.Length; i++)
            {
                latest[i] = _ring[(_added - 1 - i) % _ring.Length];
            }

            return latest;
        }
    }

    /// <summary>Forgets the failures of a user; those that are left keep their order.</summary>
    internal void Erase(string userId)
    {
        lock (_lock)
        {
            var kept = new List<Failure>();
            for (var at = Math.Max(0, _added - _ring.Length); at < _added; at++)
            {
                if (_ring[at % _ring.Length].UserKey != userId)
                {
                    kept.Add(_ring[at % _ring.Length]);
                }
            }

            Array.Clear(_ring);
            kept.CopyTo(_ring);
            _added = kept.Count;
        }
    }

    private void Append(Failure failure, long count)
    {
        _ring[_added++ % _ring.Length] = failure;
        Interlocked.Add(ref _total, count);
    }
}

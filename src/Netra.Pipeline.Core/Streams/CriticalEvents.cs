namespace Netra.Pipeline.Streams;

/// <summary>The numbers of a stream's unconfirmed critical events, in order. Not thread-safe; the stream's lock guards it.</summary>
/// <remarks>
/// Bounded: above the bound only the highest number is kept, and it is tracked once the others are confirmed. Confirmation is cumulative,
/// so the numbers between are confirmed by then, or are sent again with it.
/// </remarks>
internal sealed class CriticalEvents(AcknowledgedIntervals acknowledged)
{
    private const int MaxTracked = 1024;

    private readonly List<long> _seqs = [];
    private long _highest;
    private long _oldest;

    /// <summary>The lowest number; 0 when all are confirmed. May be read without the lock.</summary>
    public long Oldest => Volatile.Read(ref _oldest);

    public void Add(long seq)
    {
        _highest = Math.Max(_highest, seq);
        if (_seqs.Count < MaxTracked && (_seqs.Count == 0 || _seqs[^1] < seq))
        {
            _seqs.Add(seq);
        }
        else if (_seqs.Count < MaxTracked && _seqs.BinarySearch(seq) is var index and < 0)
        {
            _seqs.Insert(~index, seq);
        }

        UpdateOldest();
    }

    /// <summary>Drops what is confirmed or forgotten.</summary>
    public void Trim()
    {
        _seqs.RemoveAll(IsSettled);
        if (_highest > 0 && IsSettled(_highest))
        {
            _highest = _seqs.Count > 0 ? _seqs[^1] : 0;
        }

        if (_seqs.Count == 0 && _highest > 0)
        {
            _seqs.Add(_highest);
        }

        UpdateOldest();
    }

    public bool Contains(long seq) => _seqs.BinarySearch(seq) >= 0 || (seq == _highest && seq > 0);

    /// <summary>The lowest number above one and up to another; 0 when there is none.</summary>
    public long FirstWithin(long above, long through)
    {
        var index = _seqs.BinarySearch(above + 1);
        index = index < 0 ? ~index : index;
        var first = index < _seqs.Count ? _seqs[index] : _highest;
        return first > above && first <= through ? first : 0;
    }

    /// <summary>Removes and returns the numbers that match.</summary>
    public IReadOnlyList<long> Take(Predicate<long> isWanted)
    {
        List<long> taken = [.. _seqs.Where(seq => isWanted(seq))];
        if (_highest > 0 && isWanted(_highest))
        {
            if (taken.Count == 0 || taken[^1] != _highest)
            {
                taken.Add(_highest);
            }

            _highest = 0;
        }

        _seqs.RemoveAll(isWanted);
        _highest = _highest == 0 && _seqs.Count > 0 ? _seqs[^1] : _highest;
        UpdateOldest();
        return taken;
    }

    private void UpdateOldest() => Volatile.Write(ref _oldest, _seqs.Count > 0 ? _seqs[0] : 0);

    private bool IsSettled(long seq) => seq <= acknowledged.ForgottenThrough || acknowledged.Contains(seq);
}

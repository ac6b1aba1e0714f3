namespace Netra.Pipeline.Streams;

/// <summary>
/// The numbers of a stream's critical events that nobody has confirmed yet, in order. Not thread-safe; the stream's lock guards it.
/// </summary>
/// <remarks>
/// Bounded: above the bound only the highest number is kept in mind, and it is tracked once the others are confirmed. Confirmation is cumulative, so what lies between is confirmed by then, or is sent again with it.
/// </remarks>
internal sealed class CriticalEvents(AcknowledgedIntervals acknowledged)
{
    private const int MaxTracked = 1024;

    private readonly List<long> _seqs = [];
    private long _highest;

    /// <summary>The lowest number; 0 when all are confirmed. May be read without the lock.</summary>
    public long Oldest { get; private set; }

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

        Oldest = _seqs[0];
    }

    /// <summary>Lets go of what is confirmed or forgotten.</summary>
    public void Trim()
    {
        _seqs.RemoveAll(IsSettled);
        if (_seqs.Count == 0 && _highest > 0 && !IsSettled(_highest))
        {
            _seqs.Add(_highest);
        }

        Oldest = _seqs.Count > 0 ? _seqs[0] : 0;
    }

    /// <summary>Takes away the numbers up to one.</summary>
    public IReadOnlyList<long> Take(long through)
    {
        long[] taken = [.. _seqs.TakeWhile(seq => seq <= through)];
        _seqs.RemoveRange(0, taken.Length);
        _highest = _highest <= through ? 0 : _highest;
        Oldest = _seqs.Count > 0 ? _seqs[0] : 0;
        return taken;
    }

    private bool IsSettled(long seq) => seq <= acknowledged.ForgottenThrough || acknowledged.Contains(seq);
}

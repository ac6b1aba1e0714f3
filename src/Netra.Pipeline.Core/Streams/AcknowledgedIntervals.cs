using Netra.Pipeline.Storage;

namespace Netra.Pipeline.Streams;

/// <summary>
/// The numbers of a stream that some device has confirmed, as coalesced ranges in order; normally one. Not thread-safe; the stream's lock
/// guards it.
/// </summary>
/// <remarks>
/// Bounded: a range that would be one too many is refused, which leaves its numbers pending; the device's next acknowledgement, being
/// cumulative, brings them again. Numbers that retention has deleted are forgotten, or the holes of years would use up the bound.
/// </remarks>
internal sealed class AcknowledgedIntervals(int maxRanges)
{
    private readonly List<SeqRange> _ranges = [];

    public IReadOnlyList<SeqRange> Ranges => _ranges;

    /// <summary>How many numbers are confirmed, of those that are not forgotten.</summary>
    public long Count { get; private set; }

    /// <summary>Up to here nothing is remembered.</summary>
    public long ForgottenThrough { get; private set; }

    /// <summary>Every number up to this one is confirmed or forgotten.</summary>
    public long ContiguousThrough => _ranges.Count > 0 && _ranges[0].From == ForgottenThrough + 1 ? _ranges[0].To : ForgottenThrough;

    /// <summary>Confirms a range, which may overlap what is confirmed already.</summary>
    /// <returns>Whether it was taken; the range is refused only when the bound is reached and it touches no other.</returns>
    public bool Add(SeqRange range)
    {
        range = range with { From = Math.Max(range.From, ForgottenThrough + 1) };
        if (range.Count <= 0)
        {
            return true;
        }

        // The ranges that touch the new one are [first, last); they merge into it. Searched from the end, where acknowledgements happen.
        var last = _ranges.Count;
        while (last > 0 && _ranges[last - 1].From > range.To + 1)
        {
            last--;
        }

        var first = last;
        while (first > 0 && _ranges[first - 1].To >= range.From - 1)
        {
            first--;
            range = new SeqRange(Math.Min(range.From, _ranges[first].From), Math.Max(range.To, _ranges[first].To));
            Count -= _ranges[first].Count;
        }

        if (first == last && _ranges.Count == maxRanges)
        {
            return false;
        }

        Count += range.Count;
        if (last - first == 1)
        {
            _ranges[first] = range;
            return true;
        }

        _ranges.RemoveRange(first, last - first);
        _ranges.Insert(first, range);
        return true;
    }

    /// <summary>Forgets every number up to one, whether it was confirmed or not.</summary>
    public void Forget(long through)
    {
        ForgottenThrough = Math.Max(ForgottenThrough, through);
        var whole = 0;
        while (whole < _ranges.Count && _ranges[whole].To <= through)
        {
            Count -= _ranges[whole++].Count;
        }

        _ranges.RemoveRange(0, whole);
        if (_ranges.Count > 0 && _ranges[0].From <= through)
        {
            Count -= through - _ranges[0].From + 1;
            _ranges[0] = _ranges[0] with { From = through + 1 };
        }
    }

    public bool Contains(long seq) => _ranges.Exists(r => r.From <= seq && seq <= r.To);

    /// <summary>How many numbers of a range are confirmed.</summary>
    public long CountWithin(SeqRange range) => SeqRanges.CountWithin(range, _ranges);
}

namespace Netra.Pipeline.Log.Sqlite;

/// <summary>Arithmetic of ranges that are in order and do not overlap. Nothing is changed; each answer is new. Stateless.</summary>
internal static class SeqRanges
{
    /// <summary>The parts of ranges that lie in a range.</summary>
    public static SeqRange[] Within(IReadOnlyList<SeqRange> ranges, SeqRange bounds)
    {
        var parts = new List<SeqRange>(ranges.Count);
        foreach (var range in ranges)
        {
            var part = new SeqRange(Math.Max(range.From, bounds.From), Math.Min(range.To, bounds.To));
            if (part.Count > 0)
            {
                parts.Add(part);
            }
        }

        return [.. parts];
    }

    public static bool Contains(IReadOnlyList<SeqRange> ranges, long seq) => CountWithin(ranges, new SeqRange(seq, seq)) == 1;

    /// <summary>How many numbers of a range lie in ranges.</summary>
    public static long CountWithin(IReadOnlyList<SeqRange> ranges, SeqRange bounds)
    {
        var count = 0L;
        for (var i = 0; i < ranges.Count && ranges[i].From <= bounds.To; i++)
        {
            count += Math.Max(0, Math.Min(ranges[i].To, bounds.To) - Math.Max(ranges[i].From, bounds.From) + 1);
        }

        return count;
    }

    /// <summary>How many numbers lie in both.</summary>
    public static long CountCommon(IReadOnlyList<SeqRange> left, IReadOnlyList<SeqRange> right)
    {
        var count = 0L;
        foreach (var range in left)
        {
            count += CountWithin(right, range);
        }

        return count;
    }
}

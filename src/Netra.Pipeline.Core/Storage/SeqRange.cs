namespace Netra.Pipeline.Storage;

/// <summary>A range of event numbers, both ends inclusive.</summary>
/// <param name="From">The first number, 1 or above.</param>
/// <param name="To">The last number, not below <paramref name="From"/>.</param>
public readonly record struct SeqRange(long From, long To)
{
    /// <summary>How many numbers the range holds.</summary>
    public long Count => To - From + 1;
}

/// <summary>Arithmetic of ranges of numbers. Pure.</summary>
internal static class SeqRanges
{
    /// <summary>What is left of a range without others.</summary>
    /// <param name="range">The range.</param>
    /// <param name="others">The others; in order, not overlapping.</param>
    public static IReadOnlyList<SeqRange> Without(SeqRange range, IReadOnlyList<SeqRange> others)
    {
        var rest = new List<SeqRange>();
        var next = range.From;
        foreach (var other in others)
        {
            if (other.To < next)
            {
                continue;
            }

            if (other.From > range.To)
            {
                break;
            }

            if (other.From > next)
            {
                rest.Add(new SeqRange(next, other.From - 1));
            }

            next = other.To + 1;
        }

        if (next <= range.To)
        {
            rest.Add(new SeqRange(next, range.To));
        }

        return rest;
    }

    /// <summary>How many numbers of a range are in others.</summary>
    /// <param name="range">The range.</param>
    /// <param name="others">The others; not overlapping.</param>
    public static long CountWithin(SeqRange range, IReadOnlyList<SeqRange> others)
    {
        var count = 0L;
        for (var i = 0; i < others.Count; i++)
        {
            count += Math.Max(0, Math.Min(others[i].To, range.To) - Math.Max(others[i].From, range.From) + 1);
        }

        return count;
    }

    /// <summary>How many numbers are in both.</summary>
    /// <param name="left">Ranges; not overlapping.</param>
    /// <param name="right">Ranges; not overlapping.</param>
    public static long CountCommon(IReadOnlyList<SeqRange> left, IReadOnlyList<SeqRange> right)
    {
        var count = 0L;
        foreach (var range in left)
        {
            count += CountWithin(range, right);
        }

        return count;
    }

    /// <summary>Whether a number is in one of them.</summary>
    /// <param name="ranges">The ranges.</param>
    /// <param name="seq">The number.</param>
    public static bool Contain(IReadOnlyList<SeqRange> ranges, long seq) => CountWithin(new SeqRange(seq, seq), ranges) > 0;

    /// <summary>The parts of others that are in a range.</summary>
    /// <param name="range">The range.</param>
    /// <param name="others">The others; in order, not overlapping.</param>
    public static SeqRange[] Within(SeqRange range, IReadOnlyList<SeqRange> others)
    {
        var parts = new List<SeqRange>(others.Count);
        foreach (var other in others)
        {
            var part = new SeqRange(Math.Max(other.From, range.From), Math.Min(other.To, range.To));
            if (part.Count > 0)
            {
                parts.Add(part);
            }
        }

        return [.. parts];
    }
}

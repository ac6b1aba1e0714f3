using Netra.Pipeline.Protocol;

namespace Netra.Pipeline.Load.Checks;

/// <summary>
/// Holds a server to its numbers, for one page over all its connections: consecutive unless a gap says otherwise, none twice unless it is
/// marked as a redelivery. One call at a time.
/// </summary>
/// <param name="findings">Who is told.</param>
internal sealed class NumberCheck(Findings findings)
{
    // What was passed over and has not come yet; each with how it was found.
    private readonly List<(long From, long To, string Seen)> _missing = [];
    private readonly List<GapMessage> _gaps = [];
    private long _lastAt;

    /// <summary>Whose numbers these are.</summary>
    public required string Where { get; set; }

    /// <summary>The highest number that was passed.</summary>
    public long Cursor { get; private set; }

    /// <summary>How many numbers are passed over and have not come.</summary>
    public long Missing => _missing.Sum(static range => range.To - range.From + 1);

    /// <summary>What came with a mark as a redelivery and was known already.</summary>
    public long Redelivered { get; private set; }

    /// <summary>The gaps without replay that the server has told.</summary>
    public IReadOnlyList<GapMessage> Gaps => _gaps;

    /// <summary>Begins, or begins anew, after a number.</summary>
    public void Begin(long cursor)
    {
        Cursor = cursor;
        _missing.Clear();
    }

    /// <summary>The number of an event.</summary>
    /// <param name="seq">The number.</param>
    /// <param name="isRedelivery">Whether it is marked as a redelivery.</param>
    /// <param name="now">When it came.</param>
    /// <returns>Whether it has not come before.</returns>
    public bool Take(long seq, bool isRedelivery, long now)
    {
        if (seq <= Cursor)
        {
            return TakeOld(seq, isRedelivery, now);
        }

        if (seq > Cursor + 1)
        {
            var seen = $"{Range(Cursor + 1, seq - 1)} passed over without a gap, between {Cursor} ({findings.At(_lastAt)}) "
                + $"and {seq} ({findings.At(now)})";
            findings.Add(FindingKind.UnexplainedGap, Where, seen, seq - Cursor - 1);
            _missing.Add((Cursor + 1, seq - 1, seen));
        }

        Cursor = seq;
        _lastAt = now;
        return true;
    }

    /// <summary>A <c>gap</c>.</summary>
    public void Take(GapMessage gap)
    {
        if (!gap.Replay && gap.To > Cursor)
        {
            _gaps.Add(gap);
            Cursor = gap.To;
        }
    }

    /// <summary>Nothing more comes: what is missing is lost.</summary>
    /// <param name="last">The highest number that a receipt names.</param>
    public void Complete(long last)
    {
        foreach (var (from, to, seen) in _missing)
        {
            findings.Add(FindingKind.Lost, Where, seen, to - from + 1);
        }

        if (last > Cursor)
        {
            findings.Add(
                FindingKind.Lost,
                Where,
                $"{Range(Cursor + 1, last)} have receipts and did not come; the last that came is {Cursor} ({findings.At(_lastAt)})",
                last - Cursor);
        }
    }

    private static string Range(long from, long to) => from == to ? $"number {from}" : $"numbers {from} to {to}";

    private bool TakeOld(long seq, bool isRedelivery, long now)
    {
        var index = _missing.FindIndex(range => range.From <= seq && seq <= range.To);
        if (index < 0)
        {
            if (isRedelivery)
            {
                Redelivered++;
            }
            else
            {
                findings.Add(FindingKind.Duplicated, Where, $"number {seq} came again ({findings.At(now)}); the last was {Cursor}");
            }

            return false;
        }

        var (from, to, seen) = _missing[index];
        _missing.RemoveAt(index);
        if (from < seq)
        {
            _missing.Add((from, seq - 1, seen));
        }

        if (seq < to)
        {
            _missing.Add((seq + 1, to, seen));
        }

        if (!isRedelivery)
        {
            findings.Add(FindingKind.Reordered, Where, $"number {seq} came after {Cursor} ({findings.At(now)})");
        }

        return true;
    }
}

using Netra.Pipeline.Protocol;

namespace Netra.Pipeline.Load.Checks;

/// <summary>
/// Holds a server to its numbers, for one page over all its connections: consecutive unless a gap says otherwise, none twice unless it is
/// marked as a redelivery. One call at a time.
/// </summary>
/// <param name="findings">Who is told.</param>
internal sealed class NumberCheck(Findings findings)
{
    // A server that is that wrong has been found out; what it does besides must not fill this machine.
    private const int MaxKept = 10_000;

    // What was passed over and has not come yet; each with how it was found.
    private readonly List<(long From, long To, string Seen)> _missing = [];
    private readonly List<GapMessage> _gaps = [];
    private long _cursor;
    private long _lastAt;

    /// <summary>Whose numbers these are.</summary>
    public required string Where { get; set; }

    /// <summary>The highest number that was passed.</summary>
    public long Cursor => Volatile.Read(ref _cursor);

    /// <summary>What came with a mark as a redelivery and was known already.</summary>
    public long Redelivered { get; private set; }

    /// <summary>When the last number came, for people.</summary>
    public string LastAt => findings.At(_lastAt);

    /// <summary>Begins, or begins anew, after a number.</summary>
    /// <param name="cursor">The number.</param>
    /// <param name="now">When.</param>
    public void Begin(long cursor, long now)
    {
        Volatile.Write(ref _cursor, cursor);
        _lastAt = now;
        _missing.Clear();
    }

    /// <summary>The number of an event.</summary>
    /// <param name="seq">The number.</param>
    /// <param name="isRedelivery">Whether it is marked as a redelivery.</param>
    /// <param name="now">When it came.</param>
    /// <returns>Whether it has not come before.</returns>
    public bool Take(long seq, bool isRedelivery, long now)
    {
        if (seq <= _cursor)
        {
            return TakeOld(seq, isRedelivery, now);
        }

        if (seq > _cursor + 1)
        {
            PassOver(_cursor + 1, seq - 1, $"{seq} ({findings.At(now)})");
        }

        Volatile.Write(ref _cursor, seq);
        _lastAt = now;
        return true;
    }

    /// <summary>A <c>gap</c>.</summary>
    public void Take(GapMessage gap)
    {
        if (gap.Replay || gap.To <= _cursor)
        {
            return;
        }

        if (gap.From > _cursor + 1)
        {
            PassOver(_cursor + 1, gap.From - 1, $"a gap from {gap.From} to {gap.To}");
        }

        if (_gaps.Count < MaxKept)
        {
            _gaps.Add(gap);
        }

        Volatile.Write(ref _cursor, gap.To);
    }

    /// <summary>Why a number has not come, as far as the page was told or has noticed; null when it came, or is above the cursor.</summary>
    public string? Explain(long seq)
    {
        foreach (var (from, to, seen) in _missing)
        {
            if (from <= seq && seq <= to)
            {
                return seen;
            }
        }

        return _gaps.Find(gap => gap.From <= seq && seq <= gap.To) is { } told
            ? $"a gap says {told.Cause} for {told.From} to {told.To}"
            : null;
    }

    /// <summary>Nothing more comes: what was passed over, and has not come yet, is lost.</summary>
    /// <param name="accepted">The numbers that receipts name: whoever published them tells what became of those.</param>
    /// <returns>How many numbers are lost.</returns>
    public long Complete(NumberSet accepted)
    {
        var lost = 0L;
        foreach (var (from, to, seen) in _missing)
        {
            var count = accepted.Outside(from, to).Sum(static range => range.To - range.From + 1);
            if (count > 0)
            {
                findings.Add(FindingKind.Lost, Where, seen, count);
            }

            lost += count;
        }

        return lost;
    }

    private static string Range(long from, long to) => from == to ? $"number {from}" : $"numbers {from} to {to}";

    private void PassOver(long from, long to, string next)
    {
        var seen = $"{Range(from, to)} passed over without a gap, between {_cursor} ({findings.At(_lastAt)}) and {next}";
        findings.Add(FindingKind.UnexplainedGap, Where, seen, to - from + 1);
        if (_missing.Count < MaxKept)
        {
            _missing.Add((from, to, seen));
        }
    }

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
                findings.Add(FindingKind.Duplicated, Where, $"number {seq} came again ({findings.At(now)}); the last was {_cursor}");
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
            findings.Add(FindingKind.Reordered, Where, $"number {seq} came after {_cursor} ({findings.At(now)})");
        }

        return true;
    }
}

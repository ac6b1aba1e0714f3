using Netra.Pipeline.Storage;

namespace Netra.Pipeline.Sqlite;

/// <summary>
/// Where a stream stands: its row in the table <c>streams</c>, as the writer has it in memory. The arrays are never changed, but replaced.
/// </summary>
internal struct StreamState
{
    public StreamState()
    {
    }

    /// <summary>The last number given or skipped.</summary>
    public long HeadSeq { get; set; }

    /// <summary>In the place of a row: what came before was erased.</summary>
    public const long Erased = -1;

    /// <summary>
    /// The row of its last event; 0 when it never had one, <see cref="Erased"/> when only its user's past had. All else speaks of the
    /// events up to this row.
    /// </summary>
    public long HeadRowid { get; set; }

    /// <summary>How many events are kept.</summary>
    public long Rows { get; set; }

    /// <summary>How many events were ever stored.</summary>
    public long Accepted { get; set; }

    public long ExpiredThrough { get; set; }

    /// <summary>The acknowledged numbers above <see cref="ExpiredThrough"/>, none above <see cref="HeadSeq"/>.</summary>
    public SeqRange[] Acked { get; set; } = [];

    /// <summary>How many kept events are acknowledged.</summary>
    public long AckedKept { get; set; }

    /// <summary>How many deleted events were acknowledged.</summary>
    public long AckedGone { get; set; }

    /// <summary>How many events were deleted without an acknowledgement or a dead letter.</summary>
    public long Expired { get; set; }

    /// <summary>The numbers of kept events that are dead letters, acknowledged ones included; in order.</summary>
    public long[] DeadLettered { get; set; } = [];

    /// <summary>How many kept events are dead letters and not acknowledged.</summary>
    public long DeadKept { get; set; }

    /// <summary>How many deleted events are dead letters and were not acknowledged.</summary>
    public long DeadGone { get; set; }

    /// <summary>The numbers above <see cref="ExpiredThrough"/> that were never given.</summary>
    public SeqRange[] Skipped { get; set; } = [];

    /// <summary>The runs of the events since the last mark (<see cref="RunKeys"/>); null if an older version has stored some.</summary>
    public long[]? MarkRuns { get; set; } = [];

    /// <summary>The start of the log in which numbers were given and the stream was not released; 0 for none.</summary>
    public long Claimed { get; set; }

    /// <summary>The last row of its delivery history; 0 for none.</summary>
    public long HistoryRowid { get; set; }

    /// <summary>The lease under which events are appended; null while the stream has no owner.</summary>
    public SqliteLease? Owner { get; set; }

    /// <summary>Whether its user was erased: no account has it any more.</summary>
    public bool IsErased { get; set; }

    /// <summary>Whether the table has an older state.</summary>
    public bool IsDirty { get; set; }

    public readonly StreamAccount Account
        => new(Accepted, AckedGone + AckedKept, Rows - AckedKept - DeadKept, Expired, DeadGone + DeadKept);

    /// <summary>An event was stored.</summary>
    /// <param name="seq">Its number.</param>
    /// <param name="rowid">Its row.</param>
    /// <param name="runs">The runs of all events since the last mark, its own included.</param>
    public void Count(long seq, long rowid, long[]? runs)
    {
        (HeadSeq, HeadRowid) = (seq, rowid);
        Rows++;
        Accepted++;
        MarkRuns = EventTable.IsMarked(seq) ? [] : runs;
    }

    /// <summary>Takes what is acknowledged now. What reaches above the head is not stored yet, and left to the next time.</summary>
    /// <returns>Whether all of it was taken.</returns>
    public bool Acknowledge(IReadOnlyList<SeqRange> acknowledged)
    {
        Acked = SeqRanges.Within(new SeqRange(ExpiredThrough + 1, HeadSeq), acknowledged);
        CountKept();
        return acknowledged.Count == 0 || acknowledged[^1].To <= HeadSeq;
    }

    /// <summary>Counts anew what follows from the ranges.</summary>
    public void CountKept()
    {
        var acked = Acked;
        AckedKept = SeqRanges.CountWithin(new SeqRange(ExpiredThrough + 1, HeadSeq), acked) - SeqRanges.CountCommon(Skipped, acked);
        DeadKept = DeadLettered.LongCount(seq => !SeqRanges.Contain(acked, seq));
    }
}

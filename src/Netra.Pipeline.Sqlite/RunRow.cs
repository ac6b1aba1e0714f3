namespace Netra.Pipeline.Sqlite;

/// <summary>How far a run has come: its row in the table <c>runs</c>, as the writer has it in memory.</summary>
internal struct RunRow
{
    /// <summary>The key of its row.</summary>
    public long Id { get; set; }

    public long Events { get; set; }

    public long FirstSeq { get; set; }

    public long LastSeq { get; set; }

    /// <summary>The number of its terminal event; 0 while it is open.</summary>
    public long TerminalSeq { get; set; }

    /// <summary>Until when it waits, in Unix milliseconds; 0 when it does not.</summary>
    public long WaitingUntil { get; set; }

    /// <summary>The number of the last event before it waited.</summary>
    public long WaitingAfter { get; set; }

    /// <summary>Whether the table has an older state. If it has not, the row counts, and may have gone.</summary>
    public bool IsDirty { get; set; }
}

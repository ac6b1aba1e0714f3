using Netra.Pipeline.Events;
using Netra.Pipeline.Protocol;

namespace Netra.Pipeline.Sqlite;

/// <summary>A row of the table <c>events</c>, without its payload.</summary>
/// <param name="Rowid">Its place in time.</param>
/// <param name="Stream">The key of its stream's row.</param>
/// <param name="Seq">Its number.</param>
/// <param name="Prev">The row of the event before it in its stream; 0 for the first one.</param>
/// <param name="Run">The key of its run's row; 0 for none.</param>
/// <param name="At">When it was accepted, in ticks of UTC.</param>
/// <param name="Type">Its type.</param>
/// <param name="PayloadBytes">The length of its payload.</param>
internal readonly record struct EventRow(long Rowid, long Stream, long Seq, long Prev, long Run, long At, EventType Type, int PayloadBytes)
{
    /// <summary>What it holds, as it was handed to the log.</summary>
    public int Bytes => PayloadBytes + OwnerTag.Length;
}

using Netra.Pipeline.Storage;

namespace Netra.Pipeline.Sqlite;

/// <summary>What a reader has to know of a stream.</summary>
/// <param name="Id">The key of its row.</param>
/// <param name="Tag">The tag of its row's user.</param>
/// <param name="HeadRowid">The row of an event that is its last one, or was; 0 for none.</param>
/// <param name="Skipped">The numbers that were never given.</param>
internal readonly record struct StreamView(long Id, ulong Tag, long HeadRowid, IReadOnlyList<SeqRange> Skipped);

using Netra.Pipeline.Storage;

namespace Netra.Pipeline.Sqlite;

/// <summary>An event read back, with what its row says beside it.</summary>
/// <param name="Event">The event.</param>
/// <param name="Rowid">Its row.</param>
/// <param name="AcceptedAt">When it was accepted.</param>
internal readonly record struct StoredRow(StoredEvent Event, long Rowid, DateTimeOffset AcceptedAt);

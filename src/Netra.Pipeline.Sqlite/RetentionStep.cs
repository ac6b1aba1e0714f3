namespace Netra.Pipeline.Sqlite;

/// <summary>What one transaction of retention has done.</summary>
/// <param name="Deleted">What it deleted, by stream.</param>
/// <param name="HasMore">Whether there may be more to delete.</param>
internal readonly record struct RetentionStep(IReadOnlyList<DeletedStream> Deleted, bool HasMore);

namespace Netra.Pipeline.Sqlite;

/// <summary>A run of a stream, between two savings of the stream. Only the writer uses it.</summary>
internal sealed class StoredRun() : Staged<RunRow>(default(RunRow));

namespace Netra.Pipeline.Sqlite;

/// <summary>One step from a version of the tables to the next.</summary>
/// <param name="Version">The version that it leads to.</param>
/// <param name="Sql">Its statements; all of them take effect, or none.</param>
internal sealed record SqliteMigration(int Version, string Sql);

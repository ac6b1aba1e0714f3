namespace Netra.Pipeline.Sqlite;

/// <summary>The rows of a bound statement, read in a block that resets it at its end, whatever happens in between: an open statement would keep the connection's transaction from ending.</summary>
/// <param name="statement">The statement; its columns are those of the present row.</param>
internal readonly ref struct SqliteRows(SqliteStatement statement)
{
    public bool Next() => statement.Step();

    public void Dispose() => statement.Reset();
}

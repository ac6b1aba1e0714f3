using System.Text;
using SQLitePCL;

namespace Netra.Pipeline.Sqlite;

/// <summary>
/// A statement, compiled once and used often: bind, step, read the columns, reset. A failure resets it by itself. Spans of columns are
/// valid until the next step. Not thread-safe, as its connection.
/// </summary>
internal sealed class SqliteStatement(SqliteDatabase database, string sql) : IDisposable
{
    private const int MaxStackBytes = 512;
    private sqlite3_stmt? _handle;

    private sqlite3_stmt Handle => _handle ?? Compile();

    public SqliteStatement Bind(int index, long value)
    {
        database.Check(raw.sqlite3_bind_int64(Handle, index, value), sql);
        return this;
    }

    public SqliteStatement Bind(int index, ReadOnlySpan<byte> value)
    {
        database.Check(raw.sqlite3_bind_blob(Handle, index, value), sql);
        return this;
    }

    public SqliteStatement Bind(int index, string? value)
    {
        if (value is null)
        {
            database.Check(raw.sqlite3_bind_null(Handle, index), sql);
            return this;
        }

        var length = Encoding.UTF8.GetMaxByteCount(value.Length);
        var utf8 = length <= MaxStackBytes ? stackalloc byte[MaxStackBytes] : new byte[length];
        database.Check(raw.sqlite3_bind_text(Handle, index, utf8[..Encoding.UTF8.GetBytes(value, utf8)]), sql);
        return this;
    }

    /// <returns>Whether there is a row.</returns>
    public bool Step()
    {
        var code = raw.sqlite3_step(Handle);
        if (code == raw.SQLITE_ROW)
        {
            return true;
        }

        if (code == raw.SQLITE_DONE)
        {
            return false;
        }

        var failure = database.Failure(code, sql);
        Reset();
        throw failure;
    }

    /// <summary>Executes it to its end, and makes it ready for the next time.</summary>
    public void Execute()
    {
        Step();
        Reset();
    }

    /// <summary>Makes it ready for the next time, at the end of the block.</summary>
    public SqliteRows Query() => new(this);

    public long Int64(int column) => raw.sqlite3_column_int64(Handle, column);

    public int Int32(int column) => raw.sqlite3_column_int(Handle, column);

    public string Text(int column) => raw.sqlite3_column_text(Handle, column).utf8_to_string();

    public string? TextOrNull(int column) => raw.sqlite3_column_text(Handle, column).utf8_to_string();

    public bool IsNull(int column) => raw.sqlite3_column_type(Handle, column) == raw.SQLITE_NULL;

    public ReadOnlySpan<byte> Blob(int column) => raw.sqlite3_column_blob(Handle, column);

    /// <summary>How many bytes a column has; none where it is null.</summary>
    public int Length(int column) => raw.sqlite3_column_bytes(Handle, column);

    /// <summary>Copies a column's bytes.</summary>
    /// <param name="column">The column.</param>
    /// <param name="at">How many bytes are to be free before them.</param>
    public byte[] Copy(int column, int at)
    {
        var bytes = Blob(column);
        var copy = new byte[at + bytes.Length];
        bytes.CopyTo(copy.AsSpan(at));
        return copy;
    }

    // What went wrong was said by the step; the reset only repeats it.
    public void Reset() => _ = raw.sqlite3_reset(Handle);

    public void Dispose() => _handle?.Dispose();

    private sqlite3_stmt Compile()
    {
        database.Check(raw.sqlite3_prepare_v3(database.Handle, sql, raw.SQLITE_PREPARE_PERSISTENT, out var handle), sql);
        return _handle = handle;
    }
}

/// <summary>
/// The rows of a bound statement, read in a block that resets it at its end, whatever happens in between: an open statement would keep the
/// connection's transaction from ending.
/// </summary>
/// <param name="statement">The statement; its columns are those of the present row.</param>
internal readonly ref struct SqliteRows(SqliteStatement statement)
{
    public bool Next() => statement.Step();

    public void Dispose() => statement.Reset();
}

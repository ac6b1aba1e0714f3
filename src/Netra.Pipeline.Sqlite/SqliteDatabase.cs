using SQLitePCL;

namespace Netra.Pipeline.Sqlite;

/// <summary>
/// One connection to a database file. Not thread-safe: SQLite's own locks are off, so one thread at a time may use it and its statements.
/// </summary>
internal sealed class SqliteDatabase : IDisposable
{
    // No writer may be held up for longer; whoever wants it tries again.
    private const int TruncationMilliseconds = 50;

    private readonly sqlite3 _handle;
    private readonly List<SqliteStatement> _statements = [];
    private readonly SqliteStatement _begin;
    private readonly SqliteStatement _beginWriting;
    private readonly SqliteStatement _commit;
    private readonly SqliteStatement _rollback;
    private readonly SqliteStatement _checkpoint;
    private readonly SqliteStatement _restart;
    private readonly SqliteStatement _truncate;
    private readonly TimeSpan _busyTimeout;

    static SqliteDatabase() => Batteries_V2.Init();

    private SqliteDatabase(sqlite3 handle, string path, TimeSpan busyTimeout)
    {
        (_handle, Path, _busyTimeout) = (handle, path, busyTimeout);
        _begin = Prepare("BEGIN");
        _beginWriting = Prepare("BEGIN IMMEDIATE");
        _commit = Prepare("COMMIT");
        _rollback = Prepare("ROLLBACK");
        _checkpoint = Prepare("PRAGMA wal_checkpoint(PASSIVE)");
        _restart = Prepare("PRAGMA wal_checkpoint(RESTART)");
        _truncate = Prepare("PRAGMA wal_checkpoint(TRUNCATE)");
    }

    public string Path { get; }

    public bool IsInTransaction => raw.sqlite3_get_autocommit(_handle) == 0;

    /// <summary>How many rows the last statement changed.</summary>
    public int Changes => raw.sqlite3_changes(_handle);

    public long LastInsertRowid => raw.sqlite3_last_insert_rowid(_handle);

    internal sqlite3 Handle => _handle;

    public static SqliteDatabase Open(string path, bool readOnly, TimeSpan busyTimeout)
    {
        var flags = raw.SQLITE_OPEN_NOMUTEX | (readOnly ? raw.SQLITE_OPEN_READONLY : raw.SQLITE_OPEN_READWRITE | raw.SQLITE_OPEN_CREATE);
        var code = raw.sqlite3_open_v2(path, out var handle, flags, vfs: null!);
        if (code != raw.SQLITE_OK)
        {
            using (handle)
            {
                throw new SqliteFailureException(code, raw.sqlite3_errmsg(handle).utf8_to_string(), "open");
            }
        }

        raw.sqlite3_extended_result_codes(handle, 1);
        raw.sqlite3_busy_timeout(handle, (int)busyTimeout.TotalMilliseconds);
        return new SqliteDatabase(handle, path, busyTimeout);
    }

    /// <summary>A statement of this connection, which ends with it. SQLite compiles it when it is first used.</summary>
    public SqliteStatement Prepare(string sql)
    {
        var statement = new SqliteStatement(this, sql);
        _statements.Add(statement);
        return statement;
    }

    /// <summary>Executes statements that are needed once and return nothing of interest.</summary>
    public void Execute(string sql) => Check(raw.sqlite3_exec(_handle, sql), sql);

    /// <summary>The first column of the first row of a query that is needed once; null when there is none.</summary>
    public string? QueryText(string sql)
    {
        using var statement = new SqliteStatement(this, sql);
        return statement.Step() ? statement.Text(0) : null;
    }

    /// <inheritdoc cref="QueryText"/>
    public long QueryInt64(string sql)
    {
        using var statement = new SqliteStatement(this, sql);
        return statement.Step() ? statement.Int64(0) : 0;
    }

    /// <summary>Begins to read from one state of the database.</summary>
    public void Begin() => _begin.Execute();

    public void BeginWriting() => _beginWriting.Execute();

    public void Commit() => _commit.Execute();

    /// <summary>
    /// How many pages this connection has written since this was asked last. SQLite's own count begins anew, so it never overflows.
    /// </summary>
    public int TakePagesWritten()
    {
        _ = raw.sqlite3_db_status(_handle, raw.SQLITE_DBSTATUS_CACHE_WRITE, out var pages, out _, resetFlg: 1);
        return pages;
    }

    /// <summary>Brings into the database what the write-ahead log has, as far as that holds up neither a writer nor a reader.</summary>
    /// <returns>
    /// Whether another connection does it at the moment; how many pages the write-ahead log has, and how many of them are done.
    /// </returns>
    public (bool IsBusy, int Committed, int Done) Checkpoint()
    {
        using var rows = _checkpoint.Query();
        return rows.Next() ? (_checkpoint.Int64(0) != 0, _checkpoint.Int32(1), _checkpoint.Int32(2)) : default;
    }

    /// <summary>
    /// Brings everything into the database, and waits, as long as this connection does, until no connection reads from the write-ahead log
    /// any more: the next transaction begins it anew. No connection can write meanwhile.
    /// </summary>
    /// <returns>Whether it has come to that.</returns>
    public bool TryRestartJournal()
    {
        using var rows = _restart.Query();
        return rows.Next() && _restart.Int64(0) == 0;
    }

    /// <summary>
    /// Brings everything into the database and empties the write-ahead log, unless another connection reads from it for a moment longer.
    /// </summary>
    /// <returns>Whether it is empty.</returns>
    public bool TryTruncateJournal()
    {
        raw.sqlite3_busy_timeout(_handle, TruncationMilliseconds);
        try
        {
            using var rows = _truncate.Query();
            return rows.Next() && _truncate.Int64(0) == 0;
        }
        catch (SqliteFailureException exception) when (exception.IsPassing)
        {
            return false;
        }
        finally
        {
            raw.sqlite3_busy_timeout(_handle, (int)_busyTimeout.TotalMilliseconds);
        }
    }

    /// <summary>Takes back what the transaction has changed, unless SQLite has done so already on its own.</summary>
    public void Rollback()
    {
        if (IsInTransaction)
        {
            _rollback.Execute();
        }
    }

    public void Dispose()
    {
        foreach (var statement in _statements)
        {
            statement.Dispose();
        }

        _handle.Dispose();
    }

    internal void Check(int code, string operation)
    {
        if (code is not (raw.SQLITE_OK or raw.SQLITE_ROW or raw.SQLITE_DONE))
        {
            throw Failure(code, operation);
        }
    }

    internal SqliteFailureException Failure(int code, string operation)
        => new(code, raw.sqlite3_errmsg(_handle).utf8_to_string(), operation);
}

using Netra.Pipeline.Benchmarks.Infrastructure;
using Netra.Pipeline.Sqlite;
using SQLitePCL;

namespace Netra.Pipeline.Benchmarks.Sqlite;

/// <summary>A rowid table of one column in a file of its own, with the log's settings, and one prepared statement that inserts.</summary>
internal sealed class BareTable : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly sqlite3 _database;
    private readonly sqlite3_stmt _begin;
    private readonly sqlite3_stmt _insert;
    private readonly sqlite3_stmt _commit;

    public BareTable(SqliteSynchronous synchronous)
    {
        Batteries_V2.Init();
        Check(raw.sqlite3_open_v2(
            Path.Combine(_folder.Path, "bare.db"),
            out _database,
            raw.SQLITE_OPEN_NOMUTEX | raw.SQLITE_OPEN_READWRITE | raw.SQLITE_OPEN_CREATE,
            vfs: null!));

        // As SqliteFile has them; the log checkpoints after as many pages, on another thread.
        Check(raw.sqlite3_exec(
            _database,
            $"""
            PRAGMA page_size = 8192; PRAGMA journal_mode = WAL; PRAGMA synchronous = {synchronous}; PRAGMA cache_size = -16384;
            PRAGMA wal_autocheckpoint = {SqliteFile.CheckpointPages}; CREATE TABLE events(payload BLOB NOT NULL);
            """));
        (_begin, _insert, _commit) = (Prepare("BEGIN IMMEDIATE"), Prepare("INSERT INTO events(payload) VALUES(?1)"), Prepare("COMMIT"));
    }

    public void Begin() => Execute(_begin);

    public void Insert(ReadOnlySpan<byte> payload)
    {
        Check(raw.sqlite3_bind_blob(_insert, 1, payload));
        Execute(_insert);
    }

    public void Commit() => Execute(_commit);

    public void Dispose()
    {
        _begin.Dispose();
        _insert.Dispose();
        _commit.Dispose();
        _database.Dispose();
        _folder.Dispose();
    }

    private sqlite3_stmt Prepare(string sql)
    {
        Check(raw.sqlite3_prepare_v3(_database, sql, raw.SQLITE_PREPARE_PERSISTENT, out var statement));
        return statement;
    }

    private static void Execute(sqlite3_stmt statement)
    {
        Check(raw.sqlite3_step(statement));
        Check(raw.sqlite3_reset(statement));
    }

    private static void Check(int code)
    {
        if (code is not (raw.SQLITE_OK or raw.SQLITE_DONE or raw.SQLITE_ROW))
        {
            throw new InvalidOperationException($"SQLite says {code}.");
        }
    }
}

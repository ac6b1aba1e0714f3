using Netra.Pipeline.Failures;
using Netra.Pipeline.Monitoring.Trends;
using Netra.Pipeline.Sqlite;

namespace Netra.Pipeline.Alerting.Trends;

/// <summary>
/// The file of what was measured, <c>trends.db</c> in the data folder: each stretch has its row, which a later one of the same place
/// replaces, so the file has a size that it never exceeds. It names no user. One thread at a time.
/// </summary>
internal sealed class TrendFile : IDisposable
{
    /// <summary>The file's name in the data directory.</summary>
    public const string Name = "trends.db";

    private static readonly TimeSpan BusyTimeout = TimeSpan.FromSeconds(5);

    // Documents, as alerts are, so that the check of a folder reads them too: the kind is the ring, the id the place.
    private static readonly IReadOnlyList<SqliteMigration> Migrations =
    [
        new(1, "CREATE TABLE documents(kind INTEGER NOT NULL, id INTEGER NOT NULL, json TEXT NOT NULL, PRIMARY KEY (kind, id)) "
            + "WITHOUT ROWID;"),
    ];

    private readonly SqliteDatabase _database;
    private readonly SqliteStatement _save;

    private TrendFile(SqliteDatabase database)
    {
        _database = database;
        _save = database.Prepare("INSERT INTO documents VALUES(?1, ?2, ?3) ON CONFLICT DO UPDATE SET json = excluded.json");
    }

    /// <summary>Opens the file, or creates it.</summary>
    /// <param name="directory">Its folder.</param>
    /// <exception cref="SendFailureException">It cannot be opened; the message says why.</exception>
    public static TrendFile Open(string directory)
    {
        var path = PathIn(directory);
        SqliteDatabase? database = null;
        try
        {
            database = SqliteDatabase.Open(path, readOnly: false, BusyTimeout);

            // A commit does not wait for the disk: a power failure costs a few minutes of a trend.
            database.QueryText("PRAGMA journal_mode = WAL");
            database.Execute("PRAGMA synchronous = NORMAL; PRAGMA journal_size_limit = 1048576");
            SqliteSchema.Migrate(database, Migrations);
            return new TrendFile(database);
        }
        catch (Exception exception)
            when (exception is SqliteFailureException or InvalidDataException or IOException or UnauthorizedAccessException)
        {
            database?.Dispose();
            throw SendFailureException.LogNotOpened(path, SqliteFile.Explain(exception), exception);
        }
    }

    /// <summary>Where the file is.</summary>
    public static string PathIn(string directory) => Path.GetFullPath(Path.Combine(directory, Name));

    /// <summary>All that is stored.</summary>
    public IReadOnlyList<StoredTrend> Load()
    {
        var trends = new List<StoredTrend>();
        using var statement = new SqliteStatement(_database, "SELECT kind, id, json FROM documents");
        while (statement.Step())
        {
            // Of a ring that a newer version has, this one knows nothing.
            if (Enum.IsDefined((TrendRange)statement.Int32(0)))
            {
                trends.Add(new StoredTrend((TrendRange)statement.Int32(0), statement.Int32(1), statement.Text(2)));
            }
        }

        return trends;
    }

    /// <summary>Stores changes, all of them or none.</summary>
    /// <exception cref="SqliteFailureException">They cannot be stored.</exception>
    public void Write(IReadOnlyList<StoredTrend> changed)
    {
        _database.BeginWriting();
        try
        {
            foreach (var trend in changed)
            {
                _save.Bind(1, (long)trend.Range).Bind(2, trend.Place).Bind(3, trend.Json).Execute();
            }

            _database.Commit();
        }
        catch (SqliteFailureException)
        {
            _database.Rollback();
            throw;
        }
    }

    public void Dispose() => _database.Dispose();
}

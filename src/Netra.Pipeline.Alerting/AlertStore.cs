using Netra.Pipeline.Failures;
using Netra.Pipeline.Sqlite;

namespace Netra.Pipeline.Alerting;

/// <summary>
/// The file of alerting: documents, the history and operators' actions. Safe from any thread: a lock guards the connection, for as long as
/// a small transaction takes.
/// </summary>
internal sealed class AlertStore : IDisposable
{
    /// <summary>The file's name in the data directory.</summary>
    public const string Name = "alerts.db";

    private static readonly TimeSpan BusyTimeout = TimeSpan.FromSeconds(5);

    private static readonly IReadOnlyList<SqliteMigration> Migrations =
    [
        new(1, """
            CREATE TABLE documents(kind INTEGER NOT NULL, id TEXT NOT NULL, json TEXT NOT NULL, PRIMARY KEY (kind, id)) WITHOUT ROWID;
            CREATE TABLE history(
                number INTEGER PRIMARY KEY AUTOINCREMENT, at INTEGER NOT NULL, what TEXT NOT NULL, alert TEXT, name TEXT,
                detail TEXT NOT NULL);
            CREATE TABLE audit(
                number INTEGER PRIMARY KEY AUTOINCREMENT, at INTEGER NOT NULL, author TEXT NOT NULL, action TEXT NOT NULL,
                subject TEXT NOT NULL, detail TEXT NOT NULL);
            """),
    ];

    private readonly Lock _gate = new();
    private readonly SqliteDatabase _database;
    private readonly int _keep;
    private readonly SqliteStatement _save;
    private readonly SqliteStatement _delete;
    private readonly SqliteStatement _addHistory;
    private readonly SqliteStatement _addOperatorAction;
    private readonly SqliteStatement _trimHistory;
    private readonly SqliteStatement _trimOperatorActions;
    private readonly SqliteStatement _history;
    private readonly SqliteStatement _newestHistory;
    private readonly SqliteStatement _operatorActions;

    private AlertStore(SqliteDatabase database, int keep)
    {
        (_database, _keep) = (database, keep);
        _save = database.Prepare("INSERT INTO documents VALUES(?1, ?2, ?3) ON CONFLICT DO UPDATE SET json = excluded.json");
        _delete = database.Prepare("DELETE FROM documents WHERE kind = ?1 AND id = ?2");
        _addHistory = database.Prepare("INSERT INTO history(at, what, alert, name, detail) VALUES(?1, ?2, ?3, ?4, ?5)");
        _addOperatorAction = database.Prepare("INSERT INTO audit(at, author, action, subject, detail) VALUES(?1, ?2, ?3, ?4, ?5)");
        _trimHistory = database.Prepare("DELETE FROM history WHERE number <= (SELECT max(number) FROM history) - ?1");
        _trimOperatorActions = database.Prepare("DELETE FROM audit WHERE number <= (SELECT max(number) FROM audit) - ?1");
        _history = database.Prepare(
            "SELECT number, at, what, alert, name, detail FROM history WHERE number > ?1 ORDER BY number LIMIT ?2");
        _newestHistory = database.Prepare(
            "SELECT number, at, what, alert, name, detail FROM history WHERE number < ?1 ORDER BY number DESC LIMIT ?2");
        _operatorActions = database.Prepare(
            "SELECT number, at, author, action, subject, detail FROM audit WHERE number > ?1 ORDER BY number LIMIT ?2");
    }

    /// <summary>Opens the file, or creates it.</summary>
    /// <param name="directory">Its folder; null to keep everything in memory.</param>
    /// <param name="keep">How many entries of the history are kept, and how many operators' actions.</param>
    /// <exception cref="SendFailureException">It cannot be opened; the message says why.</exception>
    public static AlertStore Open(string? directory, int keep)
    {
        var path = directory is null ? ":memory:" : Path.GetFullPath(Path.Combine(directory, Name));
        SqliteDatabase? database = null;
        try
        {
            if (directory is not null)
            {
                Directory.CreateDirectory(directory);
            }

            database = SqliteDatabase.Open(path, readOnly: false, BusyTimeout);

            // Each commit waits for the disk: there are few, and a power failure must not make a notification be sent twice.
            database.QueryText("PRAGMA journal_mode = WAL");
            database.Execute("PRAGMA synchronous = FULL; PRAGMA journal_size_limit = 8388608");
            SqliteSchema.Migrate(database, Migrations);
            return new AlertStore(database, keep);
        }
        catch (Exception exception)
            when (exception is SqliteFailureException or InvalidDataException or IOException or UnauthorizedAccessException)
        {
            database?.Dispose();
            throw SendFailureException.LogNotOpened(path, SqliteFile.Explain(exception), exception);
        }
    }

    /// <summary>All documents.</summary>
    public IReadOnlyList<StoredDocument> Load()
    {
        lock (_gate)
        {
            var documents = new List<StoredDocument>();
            var statement = _database.Prepare("SELECT kind, id, json FROM documents ORDER BY kind, id");
            using var rows = statement.Query();
            while (rows.Next())
            {
                documents.Add(new StoredDocument((DocumentKind)statement.Int32(0), statement.Text(1), statement.Text(2)));
            }

            return documents;
        }
    }

    /// <summary>Stores changes, all of them or none.</summary>
    /// <exception cref="SqliteFailureException">They cannot be stored.</exception>
    public void Write(AlertChanges changes)
    {
        lock (_gate)
        {
            _database.BeginWriting();
            try
            {
                WriteRows(changes);
                _database.Commit();
            }
            catch (SqliteFailureException)
            {
                _database.Rollback();
                throw;
            }
        }
    }

    /// <summary>A page of the history, oldest first: what comes after a number.</summary>
    public IReadOnlyList<AlertHistoryEntry> History(long after, int limit) => Read(_history, after, limit);

    /// <summary>A page of the history, newest first: what comes before a number.</summary>
    public IReadOnlyList<AlertHistoryEntry> NewestHistory(long before, int limit) => Read(_newestHistory, before, limit);

    /// <summary>A page of operators' actions, oldest first.</summary>
    public IReadOnlyList<AuditRecord> OperatorActions(long after, int limit)
    {
        lock (_gate)
        {
            var entries = new List<AuditRecord>();
            using var rows = _operatorActions.Bind(1, after).Bind(2, limit).Query();
            while (rows.Next())
            {
                entries.Add(new AuditRecord(
                    _operatorActions.Int64(0),
                    Time(_operatorActions.Int64(1)),
                    _operatorActions.Text(2),
                    _operatorActions.Text(3),
                    _operatorActions.Text(4),
                    _operatorActions.Text(5)));
            }

            return entries;
        }
    }

    /// <summary>
    /// Changes what people have written, and leaves nothing of it as it was: neither in the tables, nor in the file's free space.
    /// </summary>
    /// <returns>Whether a document has changed.</returns>
    public bool Erase(ErasedText erased)
    {
        lock (_gate)
        {
            var documents = Load().Select(document => (Before: document, After: erased.OfDocument(document.Json)))
                .Where(static pair => pair.After != pair.Before.Json).ToList();
            _database.BeginWriting();
            try
            {
                documents.ForEach(pair
                    => _save.Bind(1, (long)pair.Before.Kind).Bind(2, pair.Before.Id).Bind(3, pair.After).Execute());
                EraseColumns("history", erased, "detail");
                EraseColumns("audit", erased, "author", "subject", "detail");
                _database.Commit();
            }
            catch (SqliteFailureException)
            {
                _database.Rollback();
                throw;
            }

            // The file is small: its limits are in entries.
            _database.Execute("VACUUM");
            return documents.Count > 0;
        }
    }

    /// <summary>Empties the write-ahead log, unless somebody else reads from it for a moment longer.</summary>
    /// <returns>Whether it is empty.</returns>
    public bool TryTruncateJournal()
    {
        lock (_gate)
        {
            return _database.TryTruncateJournal();
        }
    }

    public void Dispose()
    {
        lock (_gate)
        {
            _database.Dispose();
        }
    }

    private List<AlertHistoryEntry> Read(SqliteStatement history, long from, int limit)
    {
        lock (_gate)
        {
            var entries = new List<AlertHistoryEntry>();
            using var rows = history.Bind(1, from).Bind(2, limit).Query();
            while (rows.Next())
            {
                entries.Add(new AlertHistoryEntry(
                    history.Int64(0),
                    Time(history.Int64(1)),
                    history.Text(2),
                    history.TextOrNull(3),
                    history.TextOrNull(4),
                    history.Text(5)));
            }

            return entries;
        }
    }

    private static DateTimeOffset Time(long ticks) => new(ticks, TimeSpan.Zero);

    private void EraseColumns(string table, ErasedText erased, params string[] columns)
    {
        foreach (var column in columns)
        {
            var changed = new List<(long Number, string Text)>();
            using (var read = new SqliteStatement(_database, $"SELECT number, {column} FROM {table}"))
            {
                while (read.Step())
                {
                    if (erased.Of(read.Text(1)) is var text && text != read.Text(1))
                    {
                        changed.Add((read.Int64(0), text));
                    }
                }
            }

            using var update = new SqliteStatement(_database, $"UPDATE {table} SET {column} = ?2 WHERE number = ?1");
            changed.ForEach(row => update.Bind(1, row.Number).Bind(2, row.Text).Execute());
        }
    }

    private void WriteRows(AlertChanges changes)
    {
        foreach (var ((kind, id), json) in changes.Documents)
        {
            var statement = json is null ? _delete : _save.Bind(3, json);
            statement.Bind(1, (long)kind).Bind(2, id).Execute();
        }

        foreach (var entry in changes.History)
        {
            _addHistory.Bind(1, entry.At.UtcTicks).Bind(2, entry.What).Bind(3, entry.AlertId).Bind(4, entry.Name).Bind(5, entry.Detail)
                .Execute();
        }

        foreach (var entry in changes.OperatorActions)
        {
            _addOperatorAction.Bind(1, entry.At.UtcTicks).Bind(2, entry.Author).Bind(3, entry.Action).Bind(4, entry.Subject)
                .Bind(5, entry.Detail)
                .Execute();
        }

        if (changes.History.Count > 0)
        {
            _trimHistory.Bind(1, _keep).Execute();
        }

        if (changes.OperatorActions.Count > 0)
        {
            _trimOperatorActions.Bind(1, _keep).Execute();
        }
    }
}

/// <summary>A stored object of alerting, as JSON.</summary>
/// <param name="Kind">Its kind.</param>
/// <param name="Id">Names it among its kind.</param>
/// <param name="Json">Its content.</param>
internal readonly record struct StoredDocument(DocumentKind Kind, string Id, string Json);

/// <summary>The kinds of stored documents. The numbers are in files, so they stay.</summary>
internal enum DocumentKind
{
    /// <summary>An <see cref="Alert"/>, by its id.</summary>
    Alert = 1,

    /// <summary>An <see cref="Incident"/>, by its scope.</summary>
    Incident = 2,

    /// <summary>An <see cref="AlertSilence"/>, by its id.</summary>
    Silence = 3,

    /// <summary>The <see cref="RuleSettings"/> of a rule that was changed, by its name.</summary>
    Rule = 4,

    /// <summary>The <see cref="EscalationPolicy"/> that an operator has set.</summary>
    Policy = 5,

    /// <summary>An <see cref="OutboxEntry"/>, by its notification's id.</summary>
    Outbox = 6,
}

/// <summary>Where alerts are stored.</summary>
/// <param name="Directory">The data directory; null to keep everything in memory.</param>
internal sealed record AlertStorage(string? Directory);

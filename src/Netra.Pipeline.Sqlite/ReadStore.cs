using Netra.Pipeline.Storage;

namespace Netra.Pipeline.Sqlite;

/// <summary>The tables as one reading connection sees them. Only its thread uses it.</summary>
internal sealed class ReadStore : IDisposable
{
    private readonly SqliteDatabase _database;
    private readonly SqliteStatement _userOf;
    private readonly SqliteStatement _streamOf;

    public ReadStore(SqliteDatabase database, StorageClock clock)
    {
        _database = database;
        _userOf = database.Prepare("SELECT user FROM streams WHERE key = ?1");
        _streamOf = database.Prepare("SELECT id FROM streams WHERE user = ?1");
        Events = new EventReader(database);
        Keys = new KeyTable(database);
        Commits = new CommitTable(database);
        History = new HistoryTable(database);
        DeadLetters = new DeadLetterTable(database, clock);
        Threads = new ThreadReader(database, Events);
        Commands = new CommandTable(database);
    }

    public EventReader Events { get; }

    public KeyTable Keys { get; }

    public CommitTable Commits { get; }

    public HistoryTable History { get; }

    public DeadLetterTable DeadLetters { get; }

    public ThreadReader Threads { get; }

    public CommandTable Commands { get; }

    /// <summary>Reads from one state of the database.</summary>
    public T Read<T>(Func<ReadStore, T> read)
    {
        _database.Begin();
        try
        {
            return read(this);
        }
        finally
        {
            _database.Rollback();
        }
    }

    public string? FindUser(ulong key)
    {
        using var rows = _userOf.Bind(1, (long)key).Query();
        return rows.Next() ? _userOf.Text(0) : null;
    }

    public bool KnowsUser(string userId)
    {
        using var rows = _streamOf.Bind(1, userId).Query();
        return rows.Next();
    }

    public void Dispose() => _database.Dispose();
}

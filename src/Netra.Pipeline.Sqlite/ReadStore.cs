using Netra.Pipeline.Storage;

namespace Netra.Pipeline.Sqlite;

/// <summary>The tables as one reading connection sees them. Only its thread uses it.</summary>
internal sealed class ReadStore : IDisposable
{
    private readonly SqliteDatabase _database;
    private readonly SqliteStatement _userOf;
    private readonly SqliteStatement _streamOf;
    private readonly SqliteStatement _tenantOf;

    public ReadStore(SqliteDatabase database, StorageClock clock)
    {
        _database = database;
        _userOf = database.Prepare("SELECT user FROM streams WHERE key = ?1");
        _streamOf = database.Prepare("SELECT id FROM streams WHERE user = ?1");
        _tenantOf = database.Prepare(
            "SELECT user, accepted, acked_kept + acked_gone, rows - acked_kept - dead_kept, expired, dead_kept + dead_gone FROM streams "
            + "WHERE tenant = ?1 AND user NOT LIKE '$%'");
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

    /// <summary>The accounts of a tenant's users together, but for some.</summary>
    public (long Users, StreamAccount Account) ReadTenant(string tenantId, IReadOnlySet<string> except)
    {
        var (users, account) = (0L, default(StreamAccount));
        using var rows = _tenantOf.Bind(1, tenantId).Query();
        while (rows.Next())
        {
            if (!except.Contains(_tenantOf.Text(0)))
            {
                users++;
                account += new StreamAccount(
                    _tenantOf.Int64(1), _tenantOf.Int64(2), _tenantOf.Int64(3), _tenantOf.Int64(4), _tenantOf.Int64(5));
            }
        }

        return (users, account);
    }

    public void Dispose() => _database.Dispose();
}

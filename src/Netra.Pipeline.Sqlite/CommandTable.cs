using Netra.Pipeline.Storage;

namespace Netra.Pipeline.Sqlite;

/// <summary>The tables <c>commands</c> and <c>subscribers</c> of one connection. Only the writer changes them.</summary>
internal sealed class CommandTable(SqliteDatabase database)
{
    private const string Columns = "id, kind, user, thread, members, publisher, run, message, request, state, started FROM commands";
    private readonly SqliteStatement _insert = database.Prepare(
        "INSERT OR IGNORE INTO commands(id, kind, user, thread, members, publisher, run, message, request, state, at) "
        + "VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, 0, ?10)");

    private readonly SqliteStatement _untaken = database.Prepare(
        $"SELECT {Columns} WHERE state = 0 AND publisher IS NOT NULL ORDER BY number");
    private readonly SqliteStatement _find = database.Prepare($"SELECT {Columns} WHERE id = ?1");
    private readonly SqliteStatement _take = database.Prepare(
        "UPDATE commands SET state = 1, at = ?2, started = ?3, members = x'' WHERE id = ?1 AND state = 0");
    private readonly SqliteStatement _expire = database.Prepare("UPDATE commands SET state = 2, at = ?2 WHERE id = ?1 AND state = 0");
    private readonly SqliteStatement _renew = database.Prepare(
        "UPDATE commands SET state = 0, publisher = ?2 WHERE id = ?1 AND state <> 1");
    private readonly SqliteStatement _withdraw = database.Prepare("DELETE FROM commands WHERE id = ?1 AND state = 0");
    private readonly SqliteStatement _forget = database.Prepare(
        "DELETE FROM commands WHERE number IN (SELECT number FROM commands WHERE (state <> 0 OR publisher IS NULL) "
        + "AND at <= CASE kind WHEN 2 THEN ?2 ELSE ?1 END LIMIT ?3)");

    private readonly SqliteStatement _subscribe = database.Prepare("INSERT OR REPLACE INTO subscribers(publisher) VALUES(?1)");
    private readonly SqliteStatement _unsubscribe = database.Prepare("DELETE FROM subscribers WHERE publisher = ?1");
    private readonly SqliteStatement _subscribers = database.Prepare("SELECT publisher FROM subscribers ORDER BY number");

    public void Insert(string id, NewCommand command, DateTimeOffset now)
    {
        _insert.Bind(1, id).Bind(2, (long)command.Kind).Bind(3, command.UserId).Bind(4, command.ThreadId).Bind(5, command.Members.Span)
            .Bind(6, command.Publisher).Bind(7, command.RunId).Bind(8, command.MessageId).Bind(9, command.RequestId)
            .Bind(10, now.UtcTicks).Execute();
    }

    public IReadOnlyList<StoredCommand> ReadUntaken()
    {
        var untaken = new List<StoredCommand>();
        using var rows = _untaken.Query();
        while (rows.Next())
        {
            untaken.Add(Read(_untaken));
        }

        return untaken;
    }

    public StoredCommand? Find(string id)
    {
        using var rows = _find.Bind(1, id).Query();
        return rows.Next() ? Read(_find) : null;
    }

    public bool TryTake(string id, string? startedRunId, DateTimeOffset now)
    {
        _take.Bind(1, id).Bind(2, now.UtcTicks).Bind(3, startedRunId).Execute();
        return database.Changes == 1;
    }

    public void Expire(string id, DateTimeOffset now) => _expire.Bind(1, id).Bind(2, now.UtcTicks).Execute();

    public bool TryRenew(string id, string? publisher)
    {
        _renew.Bind(1, id).Bind(2, publisher).Execute();
        return database.Changes == 1;
    }

    public int Withdraw(IReadOnlyList<string> ids)
    {
        foreach (var id in ids)
        {
            _withdraw.Bind(1, id).Execute();
        }

        return ids.Count;
    }

    /// <returns>Whether there may be more.</returns>
    public bool Forget(DateTimeOffset settled, DateTimeOffset messages, int limit)
    {
        _forget.Bind(1, settled.UtcTicks).Bind(2, messages.UtcTicks).Bind(3, limit).Execute();
        return database.Changes == limit;
    }

    public int Subscribe(string publisher)
    {
        _subscribe.Bind(1, publisher).Execute();
        return database.Changes;
    }

    public int Unsubscribe(string publisher)
    {
        _unsubscribe.Bind(1, publisher).Execute();
        return database.Changes;
    }

    public IReadOnlyList<string> ReadSubscribers()
    {
        var subscribers = new List<string>();
        using var rows = _subscribers.Query();
        while (rows.Next())
        {
            subscribers.Add(_subscribers.Text(0));
        }

        return subscribers;
    }

    private static StoredCommand Read(SqliteStatement row) => new(
        row.Text(0),
        new NewCommand((CommandKind)row.Int32(1), row.Text(2), row.Text(3), row.Blob(4).ToArray())
        {
            Publisher = row.TextOrNull(5),
            RunId = row.TextOrNull(6),
            MessageId = row.TextOrNull(7),
            RequestId = row.TextOrNull(8),
        },
        (CommandState)row.Int32(9))
    {
        StartedRunId = row.TextOrNull(10),
    };
}

namespace Netra.Pipeline.Sqlite;

/// <summary>The table <c>commits</c> of one connection: which rows were committed when.</summary>
internal sealed class CommitTable(SqliteDatabase database)
{
    private readonly SqliteStatement _insert = database.Prepare("INSERT INTO commits(first, last, at) VALUES(?1, ?2, ?3)");
    private readonly SqliteStatement _find = database.Prepare("SELECT at, last FROM commits WHERE first <= ?1 ORDER BY first DESC LIMIT 1");
    private readonly SqliteStatement _delete = database.Prepare(
        "DELETE FROM commits WHERE first IN (SELECT first FROM commits WHERE first <= ?1 AND last <= ?1 ORDER BY first LIMIT ?2)");

    public void Insert(long first, long last, DateTimeOffset at) => _insert.Bind(1, first).Bind(2, last).Bind(3, at.UtcTicks).Execute();

    /// <summary>When a row was committed; null when that is not known.</summary>
    public DateTimeOffset? Find(long rowid)
    {
        using var rows = _find.Bind(1, rowid).Query();
        return rows.Next() && _find.Int64(1) >= rowid ? new DateTimeOffset(_find.Int64(0), TimeSpan.Zero) : null;
    }

    /// <summary>Deletes the oldest of those whose rows are all deleted.</summary>
    /// <returns>Whether there may be more.</returns>
    public bool Expire(long deleted, int limit)
    {
        _delete.Bind(1, deleted).Bind(2, limit).Execute();
        return database.Changes == limit;
    }
}

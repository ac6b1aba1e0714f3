using Netra.Pipeline.Events;

namespace Netra.Pipeline.Sqlite;

/// <summary>
/// The table <c>threads</c>: those that have, or had, events outside of any run, with their titles. All others are known by their runs.
/// Only the writer uses it.
/// </summary>
internal sealed class ThreadTable(SqliteDatabase database)
{
    private readonly SqliteStatement _count = database.Prepare(
        "INSERT INTO threads(id, stream, thread, title, last_seq) VALUES(?1, ?2, ?3, ?4, ?5) "
        + "ON CONFLICT(stream, thread) DO UPDATE SET last_seq = excluded.last_seq, "
        + "title = CASE WHEN ?6 THEN coalesce(title, excluded.title) ELSE coalesce(excluded.title, title) END RETURNING id");

    private readonly SqliteStatement _delete = database.Prepare(
        "DELETE FROM threads WHERE stream = ?1 AND thread = ?2 AND last_seq <= ?3 "
        + "AND NOT EXISTS (SELECT 1 FROM runs WHERE stream = ?1 AND thread = ?2)");

    private readonly SqliteStatement _name = database.Prepare("SELECT thread FROM threads WHERE id = ?1");

    /// <summary>Counts an event that belongs to no run, and takes the title that it gives its thread.</summary>
    /// <param name="stream">The event's stream.</param>
    /// <param name="thread">Its thread.</param>
    /// <param name="seq">Its number.</param>
    /// <param name="rowid">Its row; of the thread's first one it is the thread's key as well, so that no key is used twice.</param>
    /// <returns>The key of the thread's row.</returns>
    public long Count(SqliteStream stream, EventThread thread, long seq, long rowid)
    {
        _count.Bind(1, rowid).Bind(2, stream.Id).Bind(3, thread.ThreadId).Bind(4, thread.Title).Bind(5, seq)
            .Bind(6, thread.IsMakeshift ? 1 : 0);
        using var rows = _count.Query();
        return rows.Next() ? _count.Int64(0) : throw new InvalidDataException($"thread {rowid} of stream {stream.Id} was not stored");
    }

    /// <summary>The thread of a row's key; null when it is deleted.</summary>
    public string? NameOf(long id)
    {
        using var rows = _name.Bind(1, id).Query();
        return rows.Next() ? _name.Text(0) : null;
    }

    /// <summary>Deletes a thread's row if none of its events is left; deleted runs have no row any more.</summary>
    public void Expire(SqliteStream stream, string threadId, long through)
        => _delete.Bind(1, stream.Id).Bind(2, threadId).Bind(3, through).Execute();
}

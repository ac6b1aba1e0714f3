using Netra.Pipeline.Events;
using Netra.Pipeline.Storage;

namespace Netra.Pipeline.Sqlite;

/// <summary>
/// The tables <c>threads</c> and <c>thread_blocks</c>: in which blocks of numbers a thread has events. A block ends at a mark, and gets its
/// row with the first event of the thread in it, so the events after that cost a comparison. Only the writer uses it.
/// </summary>
internal sealed class ThreadTable(SqliteDatabase database, List<IStaged> changes)
{
    private readonly SqliteStatement _find = database.Prepare("SELECT id FROM threads WHERE stream = ?1 AND thread = ?2");
    private readonly SqliteStatement _insert = database.Prepare("INSERT INTO threads(stream, thread) VALUES(?1, ?2)");
    private readonly SqliteStatement _insertBlock = database.Prepare(
        "INSERT OR IGNORE INTO thread_blocks(stream, block, thread, first) VALUES(?1, ?2, ?3, ?2)");

    private readonly SqliteStatement _insertBlockOfRun = database.Prepare(
        "INSERT OR IGNORE INTO thread_blocks(stream, block, thread, first) SELECT r.stream, ?2, t.id, ?2 FROM runs AS r "
        + "JOIN threads AS t ON t.stream = r.stream AND t.thread = r.thread WHERE r.id = ?1");

    private readonly SqliteStatement _note = database.Prepare("UPDATE threads SET outside_seq = ?2 WHERE id = ?1");
    private readonly SqliteStatement _title = database.Prepare("UPDATE threads SET title = ?2 WHERE id = ?1 AND (?3 = 0 OR title IS NULL)");
    private readonly SqliteStatement _delete = database.Prepare(
        "DELETE FROM threads WHERE stream = ?1 AND thread = ?2 AND outside_seq <= ?3 "
        + "AND NOT EXISTS (SELECT 1 FROM runs WHERE stream = ?1 AND thread = ?2)");

    private readonly SqliteStatement _name = database.Prepare("SELECT thread FROM threads WHERE id = ?1");
    private readonly SqliteStatement _deleteBlocks = database.Prepare("DELETE FROM thread_blocks WHERE stream = ?1 AND block <= ?2");

    /// <summary>The block that a number lies in: it ends with the number that its mark has.</summary>
    public static long BlockOf(long seq) => (seq + EventTable.MarkEvery - 1) / EventTable.MarkEvery;

    /// <summary>The numbers of a block.</summary>
    public static SeqRange NumbersOf(long block) => new(((block - 1) * EventTable.MarkEvery) + 1, block * EventTable.MarkEvery);

    /// <summary>Counts an event of a thread.</summary>
    /// <returns>The key of the thread's row.</returns>
    public long Count(SqliteStream stream, string threadId, long seq)
    {
        var thread = stream.Threads.Of(threadId);
        var block = BlockOf(seq);
        if (thread.Now.Block == block)
        {
            return thread.Now.Id;
        }

        ref var state = ref thread.Change(changes);
        if (state.Id == 0)
        {
            state.Id = FindOrInsert(stream, threadId);
        }

        _insertBlock.Bind(1, stream.Id).Bind(2, block).Bind(3, state.Id).Execute();
        state.Block = block;
        return state.Id;
    }

    /// <summary>Counts an event of a thread that belongs to no run, and takes the title that it gives.</summary>
    /// <returns>The key of the thread's row.</returns>
    public long Count(SqliteStream stream, EventThread thread, long seq)
    {
        var id = Count(stream, thread.ThreadId, seq);
        _note.Bind(1, id).Bind(2, seq).Execute();
        if (thread.Title is { } title)
        {
            _title.Bind(1, id).Bind(2, title).Bind(3, thread.IsMakeshift ? 1 : 0).Execute();
        }

        return id;
    }

    /// <summary>
    /// Sees to it that events of a run are found that were stored, but not counted before the process ended: an older version's have no
    /// block.
    /// </summary>
    /// <param name="run">The key of the run's row.</param>
    /// <param name="block">The block of such events.</param>
    public void Recount(long run, long block) => _insertBlockOfRun.Bind(1, run).Bind(2, block).Execute();

    /// <summary>The thread of a row's key; null when it is deleted.</summary>
    public string? NameOf(long id)
    {
        using var rows = _name.Bind(1, id).Query();
        return rows.Next() ? _name.Text(0) : null;
    }

    /// <summary>Deletes a thread if none of its events is left; its deleted runs have no row any more.</summary>
    public void Expire(SqliteStream stream, string threadId, long through)
    {
        _delete.Bind(1, stream.Id).Bind(2, threadId).Bind(3, through).Execute();
        if (database.Changes > 0)
        {
            stream.Threads.Forget(threadId);
        }
    }

    /// <summary>Deletes the blocks of deleted events.</summary>
    public void DeleteBlocks(SqliteStream stream, long through)
    {
        var isEmpty = through == stream.Now.HeadSeq;
        _deleteBlocks.Bind(1, stream.Id).Bind(2, isEmpty ? long.MaxValue : through / EventTable.MarkEvery).Execute();
        if (isEmpty)
        {
            // The next event may lie in a block that a thread was known to be in.
            stream.Threads.Clear();
        }
    }

    private long FindOrInsert(SqliteStream stream, string threadId)
    {
        using (var rows = _find.Bind(1, stream.Id).Bind(2, threadId).Query())
        {
            if (rows.Next())
            {
                return _find.Int64(0);
            }
        }

        _insert.Bind(1, stream.Id).Bind(2, threadId).Execute();
        return database.LastInsertRowid;
    }
}

/// <summary>The threads that had the latest events of a stream. What it does not have is looked up. Only the writer uses it.</summary>
internal sealed class StoredThreads
{
    private const int MaxKept = 16;

    private Dictionary<string, StoredThread>? _threads;
    private string? _lastId;
    private StoredThread? _last;

    public StoredThread Of(string threadId)
    {
        // Events of one run come in a row.
        if (ReferenceEquals(threadId, _lastId))
        {
            return _last!;
        }

        _threads ??= new Dictionary<string, StoredThread>(StringComparer.Ordinal);
        if (!_threads.TryGetValue(threadId, out var thread))
        {
            thread = new StoredThread();
            _threads.Add(threadId, thread);
        }

        (_lastId, _last) = (threadId, thread);
        return thread;
    }

    /// <summary>Lets go of all, if they are many.</summary>
    public void Trim()
    {
        if (_threads?.Count > MaxKept)
        {
            Clear();
        }
    }

    public void Forget(string threadId)
    {
        _threads?.Remove(threadId);
        (_lastId, _last) = (null, null);
    }

    public void Clear() => (_threads, _lastId, _last) = (null, null, null);
}

/// <summary>A thread of a stream. Only the writer uses it.</summary>
internal sealed class StoredThread() : Staged<ThreadRow>(default(ThreadRow));

/// <summary>What the writer has in memory of a thread.</summary>
internal struct ThreadRow
{
    /// <summary>The key of its row; 0 while that is not known.</summary>
    public long Id { get; set; }

    /// <summary>The last block that is known to have a row.</summary>
    public long Block { get; set; }
}

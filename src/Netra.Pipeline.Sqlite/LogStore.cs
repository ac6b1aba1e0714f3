using Netra.Pipeline.Events;
using Netra.Pipeline.Storage;
using Netra.Pipeline.Tenants;

namespace Netra.Pipeline.Sqlite;

/// <summary>
/// The writer's side of the database: one transaction at a time, in which tables and what is known of them in memory
/// change together. Only the writer uses it.
/// </summary>
internal sealed class LogStore : IDisposable
{
    private readonly List<IStaged> _changes = [];
    private readonly List<SqliteLease> _appended = [];
    private readonly HashSet<SqliteLease> _refused = [];
    private readonly LogRow _log;

    public LogStore(SqliteDatabase database, StorageClock clock, long boot, string epoch)
    {
        (Database, Clock, Boot, Epoch) = (database, clock, boot, epoch);
        _log = new LogRow(database, clock, LogRow.Read(database, clock));
        Threads = new ThreadTable(database);
        Questions = new QuestionTable(database);
        Runs = new RunTable(database, Questions, _changes);
        Erased = new ErasedTable(database);
        Streams = new StreamTable(database, Runs, Erased, _changes);
        Events = new EventTable(database);
        Reader = new EventReader(database);
        Keys = new KeyTable(database);
        Commits = new CommitTable(database);
        History = new HistoryTable(database);
        DeadLetters = new DeadLetterTable(database, clock);
        Commands = new CommandTable(database);
    }

    public SqliteDatabase Database { get; }

    /// <summary>The time that everything stored is labelled by.</summary>
    public StorageClock Clock { get; }

    /// <summary>How often the log was started, this time included.</summary>
    public long Boot { get; }

    public string Epoch { get; }

    public ErasedTable Erased { get; }

    public StreamTable Streams { get; }

    public QuestionTable Questions { get; }

    public RunTable Runs { get; }

    public ThreadTable Threads { get; }

    public EventTable Events { get; }

    public EventReader Reader { get; }

    public KeyTable Keys { get; }

    public CommitTable Commits { get; }

    public HistoryTable History { get; }

    public DeadLetterTable DeadLetters { get; }

    public CommandTable Commands { get; }

    /// <summary>Brings what is committed into the database; null while the log is being opened.</summary>
    public Checkpointer? Checkpointer { private get; set; }

    /// <summary>The log as a whole, within the transaction.</summary>
    public ref readonly LogState Log => ref _log.Now;

    /// <summary>All users' streams without an owner, and those of users who were erased, together; as committed.</summary>
    public StreamAccount Resting => Streams.Resting + _log.Kept.Gone;

    /// <summary>What the kept events hold together, as committed.</summary>
    public long StoredBytes => _log.Kept.Bytes;

    /// <summary>Whether saving would change anything.</summary>
    public bool HasUnsaved
        => Log.LastRowid > Log.Watermark || Log.LastHistoryRowid > Log.HistoryWatermark || Streams.HasUnsaved || _log.IsClockUnsaved;

    public DateTimeOffset Now => Clock.Now;

    public void Begin()
    {
        Checkpointer?.AwaitRoom();

        // One that could not be ended is in the way.
        Database.Rollback();
        Database.BeginWriting();
    }

    /// <summary>The log as a whole, to be changed within the transaction.</summary>
    public ref LogState Change() => ref _log.Change(_changes);

    /// <summary>Stores an event. One of a lease that is over is not stored, and its owner is told after the commit.</summary>
    public void Append(SqliteLease lease, in LogEntry entry)
    {
        var stream = lease.Stream;
        if (stream.Now.Owner != lease)
        {
            _refused.Add(lease);
            return;
        }

        ref var state = ref Streams.Change(stream);
        ref var log = ref Change();
        var rowid = log.LastRowid + 1;
        var run = entry.Run is { } name ? Runs.Count(stream, name, entry)
            : entry.Thread is { } thread ? -Threads.Count(stream, thread, entry.Seq, rowid) : 0;
        if (entry.Question is { } question)
        {
            Questions.Put(run, stream.Id, question);
        }

        var runs = RunKeys.With(state.MarkRuns, run);
        Events.Insert(rowid, stream.Id, entry, state.HeadRowid, run, runs);
        if (entry.Key is { } key)
        {
            Keys.Insert(key, stream.Id, entry.Seq);
        }

        switch (entry.Command)
        {
            case NewCommand command:
                Commands.Insert(EventDraft.IdOf(EventDraft.KeyOf(stream.Key), entry.Seq), command, Now);
                break;
            case ExpiredCommand expired:
                Commands.Expire(expired.CommandId, Now);
                break;
        }

        (log.LastRowid, log.Bytes) = (rowid, log.Bytes + entry.Buffer.Length);
        state.Count(entry.Seq, rowid, runs);
        if (lease.Committing++ == 0)
        {
            _appended.Add(lease);
        }

        lease.CommittingThrough = entry.Seq;
    }

    /// <summary>Adds a connection's progress to its stream's delivery history.</summary>
    public void Record(in HistoryEntry entry)
    {
        // Once the stream has gone elsewhere, its trail goes on there.
        var stream = entry.Lease.Stream;
        if (stream.Now.Owner is not null)
        {
            var rowid = ++Change().LastHistoryRowid;
            ref var state = ref Streams.Change(stream);
            History.Insert(rowid, stream.Id, state.HistoryRowid, entry.Progress);
            state.HistoryRowid = rowid;
        }
    }

    /// <summary>Saves all streams, and with them how far they are saved.</summary>
    public void SaveAll()
    {
        Streams.SaveAll();
        ref var log = ref Change();
        (log.Watermark, log.WatermarkBytes, log.HistoryWatermark) = (log.LastRowid, log.Bytes, log.LastHistoryRowid);
        _log.Save();
    }

    /// <summary>Saves the log as a whole.</summary>
    public void SaveLog() => _log.Save();

    public void Commit()
    {
        if (_log.Now.LastRowid > _log.Kept.LastRowid)
        {
            Commits.Insert(_log.Kept.LastRowid + 1, _log.Now.LastRowid, Now);
        }

        Database.Commit();
        KeepChanges();
        Checkpointer?.OnCommitted(Database.TakePagesWritten());
    }

    public void Rollback()
    {
        foreach (var change in _changes)
        {
            change.Undo();
        }

        End();
        foreach (var lease in _appended)
        {
            lease.Committing = 0;
        }

        _appended.Clear();
        _refused.Clear();
        Database.Rollback();
    }

    /// <summary>Tells the owners what was committed, each once.</summary>
    /// <param name="failed">Takes what an owner throws, though it must not: the others are told all the same.</param>
    public void TellOwners(Action<SqliteLease, Exception> failed)
    {
        foreach (var lease in _appended)
        {
            Tell(lease, failed, static (lease, count) => lease.Owner!.OnCommitted(lease.CommittingThrough, count), lease.Committing);
            lease.Committing = 0;
        }

        _appended.Clear();
        foreach (var lease in _refused)
        {
            var cause = new InvalidOperationException($"Lease {lease.FencingToken} of the stream of {UserKey.Show(lease.UserId)} is over.");
            Tell(lease, failed, static (lease, cause) => lease.Owner!.OnAbandoned(cause), cause);
        }

        _refused.Clear();
    }

    /// <summary>Tells the owners what was deleted.</summary>
    /// <param name="deleted">What was deleted.</param>
    /// <param name="failed">As with <see cref="TellOwners(Action{SqliteLease, Exception})"/>.</param>
    public static void TellOwners(IReadOnlyList<DeletedStream> deleted, Action<SqliteLease, Exception> failed)
    {
        foreach (var stream in deleted)
        {
            if (stream.Lease is { } lease)
            {
                Tell(lease, failed, static (lease, expired) => lease.Owner!.OnExpired(expired), stream.Expired);
            }
        }
    }

    /// <summary>Tells an owner something.</summary>
    public static void Tell<T>(SqliteLease lease, Action<SqliteLease, Exception> failed, Action<SqliteLease, T> tell, T what)
    {
        try
        {
            tell(lease, what);
        }
        catch (Exception exception)
        {
            failed(lease, exception);
        }
    }

    /// <summary>Takes a lease back that its caller did not wait for, outside of a transaction.</summary>
    public void Disown(SqliteLease lease)
    {
        if (lease.Stream.Now.Owner == lease)
        {
            Streams.ChangeInMemory(lease.Stream).Owner = null;
            KeepChanges();
        }
    }

    /// <summary>Keeps what was changed in memory alone, outside of a transaction.</summary>
    public void KeepUnwritten() => KeepChanges();

    public void Dispose() => Database.Dispose();

    private void KeepChanges()
    {
        Streams.OnKeeping();
        foreach (var change in _changes)
        {
            change.Keep();
        }

        End();
    }

    private void End()
    {
        _changes.Clear();
        Streams.OnEnded();
    }
}

/// <summary>Totals over all streams, as committed.</summary>
/// <param name="Resting">The accounts of those without a lease, together.</param>
/// <param name="Streams">How many there are.</param>
internal sealed record Totals(StreamAccount Resting, long Streams);

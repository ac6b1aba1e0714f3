using Netra.Pipeline.Contexts;
using Netra.Pipeline.Events;
using Netra.Pipeline.Storage;

namespace Netra.Pipeline.Sqlite;

/// <summary>One user's stream, as the writer has it in memory: while it is leased, and while a transaction concerns it.</summary>
/// <remarks>Only the writer changes it. Readers ask for <see cref="View"/>, from any thread.</remarks>
internal sealed class SqliteStream : Staged<StreamState>
{
    private readonly Dictionary<(string ThreadId, string RunId), StoredRun> _runs = [];
    private LogRun? _lastRun;
    private StoredRun? _lastStored;
    private long _headRowid;
    private SeqRange[] _skipped;

    public SqliteStream(long id, string userId, ulong key, in StreamState state, bool isNew)
        : base(state)
    {
        (Id, UserId, Key, IsNew) = (id, userId, key, isNew);
        Tag = OwnerTag.Of(userId);
        (_headRowid, _skipped) = (state.HeadRowid, state.Skipped);
    }

    /// <summary>The key of its row, which its events have.</summary>
    public long Id { get; }

    /// <summary>The user that its row names.</summary>
    public string UserId { get; }

    /// <summary>Whether it is one of the system's own, which no account counts.</summary>
    public bool IsSystem => IdentifierRules.IsReserved(UserId);

    /// <summary>Its public number.</summary>
    public ulong Key { get; }

    /// <summary>Made of the user that its row names.</summary>
    public ulong Tag { get; }

    /// <summary>Whether its row is of this transaction.</summary>
    public bool IsNew { get; private set; }

    /// <summary>Whether the list of streams to be saved has it.</summary>
    public bool IsListed { get; set; }

    /// <summary>The runs that have changed since the stream was saved; others may be among them.</summary>
    public IReadOnlyCollection<StoredRun> Runs => _runs.Values;

    /// <summary>What a reader needs: a head that is committed.</summary>
    public StreamView View => new(Id, Tag, Volatile.Read(ref _headRowid), Volatile.Read(ref _skipped));

    public StoredRun RunOf(LogRun run)
    {
        // Events of one run come in a row.
        if (ReferenceEquals(run, _lastRun))
        {
            return _lastStored!;
        }

        var key = (run.ThreadId, run.RunId);
        if (!_runs.TryGetValue(key, out var stored))
        {
            stored = new StoredRun();
            _runs.Add(key, stored);
        }

        (_lastRun, _lastStored) = (run, stored);
        return stored;
    }

    /// <summary>Lets go of the runs that the database has as they are.</summary>
    public void ForgetSavedRuns()
    {
        foreach (var (key, run) in _runs)
        {
            if (!run.Now.IsDirty)
            {
                _runs.Remove(key);
            }
        }

        (_lastRun, _lastStored) = (null, null);
    }

    protected override void OnKeeping()
    {
        IsNew = false;
        if (Kept.Owner != Now.Owner)
        {
            Kept.Owner?.End();
        }

        // The range that a claim skips is there before the first event above it.
        Volatile.Write(ref _skipped, Now.Skipped);
        Volatile.Write(ref _headRowid, Now.HeadRowid);
    }

    protected override void OnUndoing()
    {
        // What its owner has said may be undone with the rest, and has to be asked for again.
        if (Kept.Owner is { } owner)
        {
            owner.AcknowledgementsChanged = true;
        }
    }
}

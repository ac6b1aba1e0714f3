using System.Buffers.Binary;
using System.Security.Cryptography;
using Netra.Pipeline.Storage;

namespace Netra.Pipeline.Sqlite;

/// <summary>
/// The table <c>streams</c>, and the streams that the writer has in memory: those that are leased, and those that the present
/// transaction concerns. Only the writer uses it.
/// </summary>
internal sealed class StreamTable
{
    private const string Columns = "id, user, key, head_seq, head_rowid, rows, accepted, expired_through, acked, acked_kept, acked_gone, "
        + "expired, buried, dead_kept, dead_gone, skipped, claimed, audit_rowid, mark_runs";
    private readonly List<IStaged> _changes;
    private readonly List<SqliteStream> _changing = [];
    private readonly List<SqliteStream> _unsaved = [];
    private readonly Dictionary<string, SqliteStream> _byUser = new(StringComparer.Ordinal);
    private readonly Dictionary<long, SqliteStream> _byId = [];
    private readonly SqliteDatabase _database;
    private readonly RunTable _runs;
    private readonly ErasedTable _erased;
    private readonly SqliteStatement _findByUser;
    private readonly SqliteStatement _findById;
    private readonly SqliteStatement _readDeadLettered;
    private readonly SqliteStatement _insert;
    private readonly SqliteStatement _update;
    private bool _hasSaved;

    public StreamTable(SqliteDatabase database, RunTable runs, ErasedTable erased, List<IStaged> changes)
    {
        (_database, _runs, _erased, _changes) = (database, runs, erased, changes);
        _findByUser = database.Prepare($"SELECT {Columns} FROM streams WHERE user = ?1");
        _findById = database.Prepare($"SELECT {Columns} FROM streams WHERE id = ?1");
        _readDeadLettered = database.Prepare("SELECT seq FROM buried WHERE stream = ?1 ORDER BY seq");
        _insert = database.Prepare(
            "INSERT INTO streams(user, key, head_seq, head_rowid, rows, accepted, expired_through, acked, acked_kept, acked_gone, expired, "
            + "buried, dead_kept, dead_gone, skipped, claimed, audit_rowid, mark_runs) "
            + "VALUES(?1, ?2, ?3, ?4, 0, 0, ?3, x'', 0, 0, 0, 0, 0, 0, x'', 0, 0, x'')");
        _update = database.Prepare(
            "UPDATE streams SET head_seq = ?2, head_rowid = ?3, rows = ?4, accepted = ?5, "
            + "expired_through = ?6, acked = ?7, acked_kept = ?8, "
            + "acked_gone = ?9, expired = ?10, buried = ?11, dead_kept = ?12, dead_gone = ?13, skipped = ?14, claimed = ?15, "
            + "audit_rowid = ?16, mark_runs = ?17 WHERE id = ?1");
    }

    /// <summary>All users' streams without an owner, together; as committed.</summary>
    public StreamAccount Resting { get; private set; }

    /// <summary>How many users have a stream; as committed.</summary>
    public long Count { get; private set; }

    /// <summary>The streams that have an owner, and others that the transaction concerns.</summary>
    public IReadOnlyCollection<SqliteStream> Loaded => _byId.Values;

    /// <summary>Whether saving would change anything.</summary>
    public bool HasUnsaved
    {
        get
        {
            if (_unsaved.Count > 0)
            {
                return true;
            }

            foreach (var stream in _byId.Values)
            {
                if (stream.Now.Owner is { AcknowledgementsChanged: true })
                {
                    return true;
                }
            }

            return false;
        }
    }

    /// <summary>Counts all users' streams, none of which has an owner.</summary>
    public void CountAll()
    {
        using var sums = new SqliteStatement(
            _database,
            "SELECT count(*), sum(accepted), sum(acked_kept + acked_gone), sum(rows - acked_kept - dead_kept), sum(expired), "
            + "sum(dead_kept + dead_gone) FROM streams WHERE user NOT LIKE '$%'");
        sums.Step();
        Count = sums.Int64(0);
        Resting = new StreamAccount(sums.Int64(1), sums.Int64(2), sums.Int64(3), sums.Int64(4), sums.Int64(5));
    }

    public SqliteStream? Find(string userId) => _byUser.TryGetValue(userId, out var stream) ? stream : Load(_findByUser.Bind(1, userId));

    /// <summary>A stream by the key of its row. Asked for with a lease, too: once that is over, the stream may be another object.</summary>
    /// <exception cref="InvalidDataException">There is none, though a row names it.</exception>
    public SqliteStream Get(long id) => _byId.TryGetValue(id, out var stream)
        ? stream
        : Load(_findById.Bind(1, id)) ?? throw new InvalidDataException($"rows belong to stream {id}, which is not there");

    public SqliteStream Insert(string userId)
    {
        var key = BinaryPrimitives.ReadUInt64LittleEndian(RandomNumberGenerator.GetBytes(sizeof(ulong)));

        // Numbers that the user had before it was erased are as those that were deleted.
        var head = _erased.HeadOf(userId) is > 0 and var last ? StreamLease.After(last) : 0;
        var state = new StreamState { HeadSeq = head, ExpiredThrough = head, HeadRowid = head == 0 ? 0 : StreamState.Erased };
        _insert.Bind(1, userId).Bind(2, (long)key).Bind(3, head).Bind(4, state.HeadRowid).Execute();
        return Add(new SqliteStream(_database.LastInsertRowid, userId, key, state, isNew: true));
    }

    /// <summary>A stream's user is erased: its lease ends, and no account has it.</summary>
    public void Erase(SqliteStream stream)
    {
        ref var state = ref Change(stream);
        (state.Owner, state.Claimed, state.IsErased) = (null, 0, true);
        Save(stream);
    }

    /// <summary>A stream's state, to be changed within the transaction and saved later.</summary>
    public ref StreamState Change(SqliteStream stream)
    {
        if (!stream.IsListed)
        {
            stream.IsListed = true;
            _unsaved.Add(stream);
        }

        ref var state = ref ChangeInMemory(stream);
        state.IsDirty = true;
        return ref state;
    }

    /// <summary>A stream's state, to be changed within the transaction in what is not saved.</summary>
    public ref StreamState ChangeInMemory(SqliteStream stream)
    {
        if (!stream.IsChanging)
        {
            _changing.Add(stream);
        }

        return ref stream.Change(_changes);
    }

    /// <summary>Saves a stream and its runs.</summary>
    public void Save(SqliteStream stream)
    {
        _runs.Save(stream);
        ref var state = ref ChangeInMemory(stream);
        _update.Bind(1, stream.Id).Bind(2, state.HeadSeq).Bind(3, state.HeadRowid).Bind(4, state.Rows)
            .Bind(5, state.Accepted).Bind(6, state.ExpiredThrough).Bind(7, RangeBlob.Write(state.Acked)).Bind(8, state.AckedKept)
            .Bind(9, state.AckedGone).Bind(10, state.Expired).Bind(11, state.DeadLettered.Length).Bind(12, state.DeadKept)
            .Bind(13, state.DeadGone).Bind(14, RangeBlob.Write(state.Skipped)).Bind(15, state.Claimed).Bind(16, state.HistoryRowid);
        (state.MarkRuns is { } runs ? _update.Bind(17, RunKeys.Write(runs)) : _update.Bind(17, (string?)null)).Execute();
        state.IsDirty = false;
        _hasSaved = true;
    }

    /// <summary>Saves all streams that have changed, and what their owners have acknowledged.</summary>
    public void SaveAll()
    {
        foreach (var stream in _byId.Values)
        {
            if (stream.Now.Owner is { AcknowledgementsChanged: true } owner)
            {
                Acknowledge(stream, owner);
            }
        }

        foreach (var stream in _unsaved)
        {
            if (stream.Now.IsDirty)
            {
                Save(stream);
            }
        }
    }

    /// <summary>Asks a stream's owner what is acknowledged.</summary>
    public void Acknowledge(SqliteStream stream, SqliteLease owner)
    {
        // Taken back first: what is acknowledged while the owner answers is asked for next time.
        owner.AcknowledgementsChanged = false;
        if (!Change(stream).Acknowledge(owner.Owner!.ReadAcknowledged()))
        {
            owner.AcknowledgementsChanged = true;
        }
    }

    /// <summary>The transaction is committed; the streams do not know yet.</summary>
    public void OnKeeping()
    {
        foreach (var stream in _changing)
        {
            if (stream.IsSystem)
            {
                continue;
            }

            var isCounted = !stream.Now.IsErased;
            Count += (isCounted ? 1 : 0) - (stream.IsNew ? 0 : 1);
            var (was, isNow) = (stream.Kept.Owner is null && !stream.IsNew, stream.Now.Owner is null && isCounted);
            if (was || isNow)
            {
                Resting = Resting - (was ? stream.Kept.Account : default) + (isNow ? stream.Now.Account : default);
            }
        }
    }

    /// <summary>The transaction is over, and the streams know how.</summary>
    public void OnEnded()
    {
        foreach (var stream in _changing)
        {
            // One that is not saved stays, or the next to ask for it would find an older state in the table.
            if (stream.Kept is { Owner: null, IsDirty: false })
            {
                _byId.Remove(stream.Id);
                _byUser.Remove(stream.UserId);
            }
        }

        _changing.Clear();
        if (_hasSaved)
        {
            _hasSaved = false;
            _unsaved.RemoveAll(static stream =>
            {
                if (!stream.Now.IsDirty)
                {
                    stream.ForgetSavedRuns();
                    stream.IsListed = false;
                }

                return !stream.IsListed;
            });
        }
    }

    private SqliteStream? Load(SqliteStatement row)
    {
        SqliteStream stream;
        bool isDeadLettered;
        using (var rows = row.Query())
        {
            if (!rows.Next())
            {
                return null;
            }

            isDeadLettered = row.Int64(12) > 0;
            var state = new StreamState
            {
                HeadSeq = row.Int64(3),
                HeadRowid = row.Int64(4),
                Rows = row.Int64(5),
                Accepted = row.Int64(6),
                ExpiredThrough = row.Int64(7),
                Acked = RangeBlob.Read(row.Blob(8)),
                AckedKept = row.Int64(9),
                AckedGone = row.Int64(10),
                Expired = row.Int64(11),
                DeadLettered = isDeadLettered ? ReadDeadLettered(row.Int64(0)) : [],
                DeadKept = row.Int64(13),
                DeadGone = row.Int64(14),
                Skipped = RangeBlob.Read(row.Blob(15)),
                Claimed = row.Int64(16),
                HistoryRowid = row.Int64(17),
                MarkRuns = row.IsNull(18) ? null : RunKeys.Read(row.Blob(18)),
            };
            stream = new SqliteStream(row.Int64(0), row.Text(1), (ulong)row.Int64(2), state, isNew: false);
        }

        return Add(stream);
    }

    private long[] ReadDeadLettered(long id)
    {
        var seqs = new List<long>();
        using var rows = _readDeadLettered.Bind(1, id).Query();
        while (rows.Next())
        {
            seqs.Add(_readDeadLettered.Int64(0));
        }

        return [.. seqs];
    }

    // Until the transaction ends; longer only if it gets an owner.
    private SqliteStream Add(SqliteStream stream)
    {
        _byId.Add(stream.Id, stream);
        _byUser.Add(stream.UserId, stream);
        _ = ChangeInMemory(stream);
        return stream;
    }
}

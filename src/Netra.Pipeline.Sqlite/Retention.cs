using Netra.Pipeline.Protocol;
using Netra.Pipeline.Storage;

namespace Netra.Pipeline.Sqlite;

/// <summary>
/// Deletes the oldest events, strictly in order of their rows and a bounded number in a transaction, and accounts for
/// each of them. Only the writer uses it.
/// </summary>
internal sealed class Retention(LogStore store, long retainedBytes)
{
    /// <summary>How many rows of each table one transaction deletes at most.</summary>
    public const int RowsAtOnce = 2000;

    private readonly List<EventRow> _oldest = [];
    private readonly List<string> _damaged = [];

    // The first kept row that is not from the future, as it was found last: what lies before it goes with it.
    private (long Rowid, long At) _trusted;

    // Up to which row there is none, and until when: so what is kept is not read through each time.
    private (long Through, long Until) _untrusted;

    /// <summary>Deletes some events that are older than a time, or above the retained size.</summary>
    public RetentionStep Expire(DateTimeOffset olderThan)
    {
        var deleted = PlanDeletion(olderThan.UtcTicks);
        if (deleted.Count == 0)
        {
            return new RetentionStep([], ExpireRest(olderThan));
        }

        var last = _oldest[^1].Rowid;
        if (last > store.Log.Watermark)
        {
            // What is counted from rows after a crash must not be gone by then.
            store.SaveAll();
        }

        _damaged.Clear();
        foreach (var stream in deleted.Values)
        {
            Account(stream);
        }

        store.Events.DeleteThrough(last);
        foreach (var stream in deleted.Values)
        {
            DeleteBelow(stream);
        }

        ref var log = ref store.Change();
        var bytes = _oldest.Sum(static row => (long)row.Bytes);
        (log.Bytes, log.WatermarkBytes, log.Deleted) = (log.Bytes - bytes, log.WatermarkBytes - bytes, last);
        store.SaveLog();
        return new RetentionStep([.. deleted.Values], HasMore: true) { Damaged = [.. _damaged] };
    }

    // The oldest events that have to go, by stream.
    private Dictionary<long, DeletedStream> PlanDeletion(long olderThan)
    {
        var deleted = new Dictionary<long, DeletedStream>();
        var excess = store.Log.Bytes - retainedBytes;
        _oldest.Clear();

        // Mostly nothing has to go, and looking at the oldest one says so.
        store.Events.ReadAbove(store.Log.Deleted, limit: 1, _oldest);
        if (_oldest.Count == 0 || (excess <= 0 && !IsDue(_oldest[0], olderThan)))
        {
            return deleted;
        }

        _oldest.Clear();
        store.Events.ReadAbove(store.Log.Deleted, RowsAtOnce, _oldest);
        var count = 0;
        for (; count < _oldest.Count && (excess > 0 || IsDue(_oldest[count], olderThan)); count++)
        {
            var row = _oldest[count];
            if (!deleted.TryGetValue(row.Stream, out var stream))
            {
                stream = new DeletedStream(store.Streams.Get(row.Stream));
                deleted.Add(row.Stream, stream);
            }

            stream.Add(row);
            excess -= row.Bytes;
        }

        _oldest.RemoveRange(count, _oldest.Count - count);
        return deleted;
    }

    // A row from the future, of an older version under a wrong clock, says nothing about its age. But it was stored before those behind it,
    // so it is as old as the first of them that is not from the future, at least.
    private bool IsDue(in EventRow row, long olderThan)
    {
        if (row.At <= store.Now.UtcTicks)
        {
            return row.At < olderThan;
        }

        if (_trusted.Rowid <= row.Rowid)
        {
            FindTrusted(row.Rowid, store.Now.UtcTicks);
        }

        return _trusted.Rowid != 0 && _trusted.At < olderThan;
    }

    private void FindTrusted(long rowid, long now)
    {
        if (_untrusted.Through <= rowid || _untrusted.Until <= now)
        {
            _untrusted = (rowid, long.MaxValue);
        }

        var (through, until) = _untrusted;
        _trusted = store.Events.FindNotAfter(through, now);
        if (_trusted.Rowid == 0)
        {
            _untrusted = (store.Log.LastRowid, Math.Min(until, store.Events.FindEarliest(through)));
        }
    }

    // Every event that goes was acknowledged, or is a dead letter, or is lost: one that is not as it was stored is, so that it does not
    // hold up the others.
    private void Account(DeletedStream deleted)
    {
        var (stream, range) = (deleted.Stream, deleted.Range);
        var open = deleted.Lease?.Owner!.OnExpiring(range) ?? SeqRanges.Without(range, stream.Now.Acked);
        var (unacknowledged, deadLettered) = (0L, 0L);
        foreach (var row in deleted.Events)
        {
            if (!SeqRanges.Contain(open, row.Seq))
            {
                continue;
            }

            unacknowledged++;
            var isDeadLettered = Array.BinarySearch(stream.Now.DeadLettered, row.Seq) >= 0;
            if (!isDeadLettered && EventTypes.IsCritical(row.Type) && !stream.IsSystem)
            {
                isDeadLettered = store.DeadLetters.IsAsStored(stream.Id, row.Seq, row.Rowid);
                if (isDeadLettered)
                {
                    store.DeadLetters.Insert(stream.Id, row.Seq, row.Rowid, DeadLetterCause.Expired, attempts: 0, store.Now);
                }
                else
                {
                    _damaged.Add($"event {row.Seq} of stream {stream.Id}");
                }
            }

            deadLettered += isDeadLettered ? 1 : 0;
        }

        var expired = new ExpiredRange(stream.UserId, range, deleted.Events.Count, unacknowledged, deadLettered);
        Apply(stream, expired);
        deleted.Expired = expired;
    }

    private void Apply(SqliteStream stream, in ExpiredRange expired)
    {
        var range = expired.Range;
        if (stream.Now.Owner is { } owner)
        {
            // What it has acknowledged above the range since it was last asked, so that both sides count the same.
            store.Streams.Acknowledge(stream, owner);
        }

        ref var state = ref store.Streams.Change(stream);
        state.Rows -= expired.Events;
        state.AckedGone += expired.Events - expired.Unacknowledged;
        state.DeadGone += expired.DeadLettered;
        state.Expired += expired.Lost;
        state.ExpiredThrough = range.To;
        state.DeadLettered = [.. state.DeadLettered.Where(seq => seq > range.To)];
        state.Skipped = [.. state.Skipped.Where(skip => skip.To > range.To)];
        state.Acknowledge(state.Acked);
    }

    private void DeleteBelow(DeletedStream deleted)
    {
        var (stream, through) = (deleted.Stream, deleted.Range.To);
        store.Events.DeleteMarks(stream.Id, through);
        store.DeadLetters.Unmark(stream.Id, through);
        store.Questions.Expire(stream.Id, through);
        foreach (var (run, last) in deleted.Runs)
        {
            if ((run > 0 ? store.Runs.Expire(stream, run, last) : store.Threads.NameOf(-run)) is { } thread)
            {
                store.Threads.Expire(stream, thread, through);
            }
        }

        var rowid = ++store.Change().LastHistoryRowid;
        ref var state = ref store.Streams.Change(stream);
        store.History.InsertExpired(rowid, stream.Id, state.HistoryRowid, store.Now, deleted.Range);
        state.HistoryRowid = rowid;
        store.Streams.Save(stream);
    }

    /// <returns>Whether there may be more.</returns>
    private bool ExpireRest(DateTimeOffset olderThan)
    {
        var keys = store.Keys.Expire(store.Now, RowsAtOnce);
        var commits = store.Commits.Expire(store.Log.Deleted, RowsAtOnce);
        var (deleted, history) = store.History.Expire(store.Log.HistoryDeleted, olderThan, store.Now, RowsAtOnce);
        if (deleted > store.Log.HistoryDeleted)
        {
            if (deleted > store.Log.HistoryWatermark)
            {
                store.SaveAll();
            }

            store.Change().HistoryDeleted = deleted;
            store.SaveLog();
        }

        return keys || commits || history;
    }
}

/// <summary>What one transaction of retention has done.</summary>
/// <param name="Deleted">What it deleted, by stream.</param>
/// <param name="HasMore">Whether there may be more to delete.</param>
internal readonly record struct RetentionStep(IReadOnlyList<DeletedStream> Deleted, bool HasMore)
{
    /// <summary>Events that should have become dead letters, and are not as they were stored.</summary>
    public IReadOnlyList<string> Damaged { get; init; } = [];
}

/// <summary>What one transaction of retention deletes of one stream.</summary>
internal sealed class DeletedStream(SqliteStream stream)
{
    private readonly List<EventRow> _events = [];
    private readonly Dictionary<long, long> _runs = [];

    public SqliteStream Stream { get; } = stream;

    /// <summary>The lease under which it was when the events were deleted; null for none.</summary>
    public SqliteLease? Lease { get; } = stream.Now.Owner;

    /// <summary>The deleted events, in order.</summary>
    public IReadOnlyList<EventRow> Events => _events;

    /// <summary>
    /// For each run among them, and each thread that has events outside of any run (<see cref="EventRow.Run"/>), its last deleted number.
    /// </summary>
    public IReadOnlyDictionary<long, long> Runs => _runs;

    public SeqRange Range => new(_events[0].Seq, _events[^1].Seq);

    /// <summary>What became of them; set when they are deleted.</summary>
    public ExpiredRange Expired { get; set; }

    public void Add(in EventRow row)
    {
        _events.Add(row);
        if (row.Run != 0)
        {
            _runs[row.Run] = row.Seq;
        }
    }
}

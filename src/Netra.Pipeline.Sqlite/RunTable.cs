using Netra.Pipeline.Events;
using Netra.Pipeline.Protocol;
using Netra.Pipeline.Storage;

namespace Netra.Pipeline.Sqlite;

/// <summary>
/// The table <c>runs</c>. A run's row is made with its first event; its counters are saved together with its stream, and until then found
/// again from the events. Only the writer uses it.
/// </summary>
internal sealed class RunTable(SqliteDatabase database, QuestionTable questions, List<IStaged> changes)
{
    private const string Columns = "id, events, first_seq, last_seq, terminal_seq, waiting_until, waiting_after, attempt, attempt_seq";
    private readonly SqliteStatement _find = database.Prepare(
        $"SELECT {Columns}, embedded, agent, lease_ms, publisher FROM runs WHERE stream = ?1 AND thread = ?2 AND run = ?3");

    private readonly SqliteStatement _findById = database.Prepare(
        $"SELECT {Columns}, thread, run, embedded, agent FROM runs WHERE id = ?1 AND stream = ?2");
    private readonly SqliteStatement _insert = database.Prepare(
        "INSERT INTO runs(stream, thread, run, embedded, agent, lease_ms, attempt, publisher, events, first_seq, last_seq, terminal_seq) "
        + "VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, 0, 0, 0, 0)");

    private readonly SqliteStatement _update = database.Prepare(
        "UPDATE runs SET events = ?2, first_seq = ?3, last_seq = ?4, terminal_seq = ?5, waiting_until = ?6, waiting_after = ?7 "
        + "WHERE id = ?1");

    private readonly SqliteStatement _declare = database.Prepare(
        "UPDATE runs SET agent = coalesce(?2, agent), lease_ms = ?3 WHERE id = ?1");

    private readonly SqliteStatement _keep = database.Prepare("UPDATE runs SET input = ?2 WHERE id = ?1");
    private readonly SqliteStatement _begin = database.Prepare("UPDATE runs SET attempt = ?2, attempt_seq = ?3 WHERE id = ?1");
    private readonly SqliteStatement _publish = database.Prepare("UPDATE runs SET publisher = ?2 WHERE id = ?1");
    private readonly SqliteStatement _wait = database.Prepare("UPDATE runs SET waiting_until = ?2, waiting_after = ?3 WHERE id = ?1");
    private readonly SqliteStatement _delete = database.Prepare("DELETE FROM runs WHERE id = ?1 AND last_seq <= ?2 RETURNING thread");
    private readonly SqliteStatement _open = database.Prepare(
        "SELECT s.user, r.thread, r.run, r.agent, r.embedded, r.lease_ms, r.waiting_until, r.attempt, r.last_seq, r.id, r.input, "
        + "r.publisher FROM runs AS r "
        + "JOIN streams AS s ON s.id = r.stream WHERE r.terminal_seq = 0 AND s.user NOT LIKE '$erased/%' ORDER BY r.id");

    /// <summary>Counts an event of a run.</summary>
    /// <returns>The key of the run's row.</returns>
    public long Count(SqliteStream stream, LogRun run, in LogEntry entry)
    {
        var stored = stream.RunOf(run);
        ref var state = ref stored.Change(changes);
        if (!state.IsDirty && !TryFind(stream, run.ThreadId, run.RunId, out state))
        {
            _insert.Bind(1, stream.Id).Bind(2, run.ThreadId).Bind(3, run.RunId).Bind(4, run.IsEmbedded ? 1 : 0);
            var attempt = Math.Max(1, entry.Attempt);
            _insert.Bind(5, entry.Declared?.AgentName ?? run.AgentName).Bind(6, LeaseOf(entry.Declared)).Bind(7, attempt)
                .Bind(8, entry.Publisher).Execute();
            state = new RunRow { Id = database.LastInsertRowid, Attempt = attempt, Publisher = entry.Publisher };
        }
        else if (entry.Declared is { } declared)
        {
            _declare.Bind(1, state.Id).Bind(2, declared.AgentName).Bind(3, LeaseOf(declared)).Execute();
        }

        if (entry.Declared?.Input is { } input)
        {
            _keep.Bind(1, state.Id).Bind(2, input.Span).Execute();
        }

        if (entry.Attempt > state.Attempt)
        {
            _begin.Bind(1, state.Id).Bind(2, entry.Attempt).Bind(3, entry.Seq).Execute();
            (state.Attempt, state.AttemptSeq) = (entry.Attempt, entry.Seq);
        }

        if (entry.Publisher is { } publisher && publisher != state.Publisher)
        {
            // In the event's own transaction, since events do not say it and after a crash it could not be found again.
            _publish.Bind(1, state.Id).Bind(2, publisher).Execute();
            state.Publisher = publisher;
        }

        Count(ref state, entry.Seq, entry.Type);
        return state.Id;
    }

    /// <summary>Counts an event that was committed, but whose run was not saved before the process ended.</summary>
    public void Recount(SqliteStream stream, long id, long seq, EventType type)
    {
        var stored = stream.Runs.FirstOrDefault(run => run.Now.IsDirty && run.Now.Id == id);
        if (stored is null)
        {
            using var rows = _findById.Bind(1, id).Bind(2, stream.Id).Query();
            if (!rows.Next())
            {
                throw new InvalidDataException($"event {seq} of stream {stream.Id} belongs to run {id}, which is not there");
            }

            stored = stream.RunOf(new LogRun(_findById.Text(9), _findById.Text(10), _findById.Int64(11) != 0, _findById.TextOrNull(12)));
            stored.Change(changes) = Read(_findById);
        }

        Count(ref stored.Change(changes), seq, type);
    }

    /// <summary>Saves the runs of a stream that have changed.</summary>
    public void Save(SqliteStream stream)
    {
        foreach (var run in stream.Runs)
        {
            if (run.Now.IsDirty)
            {
                ref var state = ref run.Change(changes);
                _update.Bind(1, state.Id).Bind(2, state.Events).Bind(3, state.FirstSeq).Bind(4, state.LastSeq).Bind(5, state.TerminalSeq)
                    .Bind(6, state.WaitingUntil).Bind(7, state.WaitingAfter).Execute();
                state.IsDirty = false;
            }
        }
    }

    /// <summary>
    /// Writes down that a run waits, apart from its counters: those are saved with its stream alone, since what follows is counted again
    /// after a crash.
    /// </summary>
    public void Wait(SqliteStream stream, string threadId, string runId, DateTimeOffset until)
    {
        if (!TryFind(stream, threadId, runId, out var row))
        {
            return;
        }

        var (last, millis) = (row.LastSeq, until.ToUnixTimeMilliseconds());
        if (stream.Runs.FirstOrDefault(run => run.Now.IsDirty && run.Now.Id == row.Id) is { } stored)
        {
            ref var state = ref stored.Change(changes);
            (state.WaitingUntil, state.WaitingAfter) = (millis, state.LastSeq);
            last = state.LastSeq;
        }

        _wait.Bind(1, row.Id).Bind(2, millis).Bind(3, last).Execute();
    }

    public LogRun? Find(SqliteStream stream, string threadId, string runId)
    {
        using var rows = _find.Bind(1, stream.Id).Bind(2, threadId).Bind(3, runId).Query();
        if (!rows.Next())
        {
            return null;
        }

        // What is in memory is newer.
        var row = Read(_find);
        var state = stream.Runs.FirstOrDefault(run => run.Now.IsDirty && run.Now.Id == row.Id)?.Now ?? row;
        return new LogRun(threadId, runId, _find.Int64(9) != 0, _find.TextOrNull(10))
        {
            Lease = LeaseOf(_find.Int64(11)),
            WaitingUntil = TimeOf(state.WaitingUntil),
            Attempt = state.Attempt,
            Publisher = _find.TextOrNull(12),
            Events = state.Events,
            FirstSeq = state.FirstSeq,
            LastSeq = state.LastSeq,
            TerminalSeq = state.TerminalSeq,
            Questions = questions.Of(row.Id),
        };
    }

    /// <summary>The runs that have no terminal event, once all streams are saved.</summary>
    public IReadOnlyList<OpenRun> ReadOpen()
    {
        var asked = questions.OfOpenRuns();
        var runs = new List<OpenRun>();
        using var rows = _open.Query();
        while (rows.Next())
        {
            runs.Add(new OpenRun(_open.Text(0), _open.Text(1), _open.Text(2), _open.TextOrNull(3), _open.Int64(4) != 0)
            {
                Lease = LeaseOf(_open.Int64(5)),
                WaitingUntil = TimeOf(_open.Int64(6)),
                Attempt = _open.Int32(7),
                LastSeq = _open.Int64(8),
                Questions = [.. asked[_open.Int64(9)]],
                Input = _open.Blob(10) is { IsEmpty: false } input ? (ReadOnlyMemory<byte>?)input.ToArray() : null,
                Publisher = _open.TextOrNull(11),
            });
        }

        return runs;
    }

    /// <summary>Deletes a run if its last event is among the deleted ones.</summary>
    /// <param name="stream">The run's stream.</param>
    /// <param name="id">The key of the run's row.</param>
    /// <param name="through">The last of the run's events that are deleted.</param>
    /// <returns>The deleted run's thread; null when the run stays.</returns>
    public string? Expire(SqliteStream stream, long id, long through)
    {
        // One that has changed since the stream was saved has an event that was stored since then, and nothing that new is deleted.
        if (stream.Runs.Any(run => run.Now.IsDirty && run.Now.Id == id))
        {
            return null;
        }

        using var rows = _delete.Bind(1, id).Bind(2, through).Query();
        return rows.Next() ? _delete.Text(0) : null;
    }

    private static void Count(ref RunRow state, long seq, EventType type)
    {
        if (seq == state.AttemptSeq)
        {
            (state.Events, state.FirstSeq) = (0, 0);
        }

        state.Events++;
        state.FirstSeq = state.FirstSeq == 0 ? seq : state.FirstSeq;
        state.LastSeq = seq;
        state.TerminalSeq = EventTypes.IsTerminal(type) ? seq : state.TerminalSeq;
        state.WaitingUntil = seq > state.WaitingAfter && !EventTypes.IsOfServer(type) ? 0 : state.WaitingUntil;
        state.IsDirty = true;
    }

    private static RunRow Read(SqliteStatement row) => new()
    {
        Id = row.Int64(0),
        Events = row.Int64(1),
        FirstSeq = row.Int64(2),
        LastSeq = row.Int64(3),
        TerminalSeq = row.Int64(4),
        WaitingUntil = row.Int64(5),
        WaitingAfter = row.Int64(6),
        Attempt = row.Int32(7),
        AttemptSeq = row.Int64(8),
    };

    private static long LeaseOf(RunDeclaration? declared) => (long)(declared?.Lease.TotalMilliseconds ?? 0);

    private static TimeSpan? LeaseOf(long milliseconds) => milliseconds == 0 ? null : TimeSpan.FromMilliseconds(milliseconds);

    private static DateTimeOffset? TimeOf(long milliseconds)
        => milliseconds == 0 ? null : DateTimeOffset.FromUnixTimeMilliseconds(milliseconds);

    private bool TryFind(SqliteStream stream, string threadId, string runId, out RunRow state)
    {
        using var rows = _find.Bind(1, stream.Id).Bind(2, threadId).Bind(3, runId).Query();
        var isThere = rows.Next();
        state = isThere ? Read(_find) with { Publisher = _find.TextOrNull(12) } : default;
        return isThere;
    }
}

/// <summary>A run of a stream, between two savings of the stream. Only the writer uses it.</summary>
internal sealed class StoredRun() : Staged<RunRow>(default(RunRow));

/// <summary>How far a run has come: its row in the table <c>runs</c>, as the writer has it in memory.</summary>
internal struct RunRow
{
    /// <summary>The key of its row.</summary>
    public long Id { get; set; }

    public long Events { get; set; }

    public long FirstSeq { get; set; }

    public long LastSeq { get; set; }

    /// <summary>The number of its terminal event; 0 while it is open.</summary>
    public long TerminalSeq { get; set; }

    /// <summary>Until when it waits, in Unix milliseconds; 0 when it does not.</summary>
    public long WaitingUntil { get; set; }

    /// <summary>The number of the last event before it waited.</summary>
    public long WaitingAfter { get; set; }

    /// <summary>The attempt that has begun last.</summary>
    public int Attempt { get; set; }

    /// <summary>The number of the event that began it; 0 while it is the one that the run began with.</summary>
    public long AttemptSeq { get; set; }

    /// <summary>Who has published to it last from outside, as the table has it; null where that is not known.</summary>
    public string? Publisher { get; set; }

    /// <summary>Whether the table has an older state. If it has not, the row counts, and may have gone.</summary>
    public bool IsDirty { get; set; }
}

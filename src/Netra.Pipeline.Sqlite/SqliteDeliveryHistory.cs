using Netra.Pipeline.Failures;
using Netra.Pipeline.Storage;

namespace Netra.Pipeline.Sqlite;

/// <summary>The delivery history of <see cref="SqliteEventLog"/>. May be called in parallel.</summary>
internal sealed class SqliteDeliveryHistory(SqliteEventLog log) : IAuditTrail
{
    // A user's connection leaves one row a second: some hours of one, or minutes of many.
    private const int MaxRows = 20_000;

    public bool TryRecord(StreamLease lease, in ConnectionProgress progress)
    {
        var open = log.Open;
        return open.Queue.TryAdd(new HistoryEntry(SqliteEventLog.Granted(lease), progress with { At = open.Clock.OfWall(progress.At) }));
    }

    public async ValueTask<EventHistory?> ReadAsync(StreamLease lease, long seq, CancellationToken cancellationToken)
    {
        // The trail is found from the stream's saved row, so it is saved first; with it goes what waits to be recorded.
        var (open, granted) = (log.Open, SqliteEventLog.Granted(lease));
        var head = await open.DoAsync(
            new WriterJob<long>(
                "trace",
                store =>
                {
                    var stream = store.Streams.Get(granted.Stream.Id);
                    store.Streams.Save(stream);
                    return stream.Now.HeadSeq;
                }),
            cancellationToken);
        return seq < 1 || seq > head
            ? null
            : await open.Readers.ReadAsync(
                new FailureScope("trace", granted.UserId), store => Read(store, open.Clock, granted, seq), cancellationToken);
    }

    private static EventHistory? Read(ReadStore store, StorageClock clock, SqliteLease lease, long seq)
    {
        var view = lease.View;
        if (SeqRanges.Contain(view.Skipped, seq))
        {
            return null;
        }

        var steps = new List<HistoryStep>();
        var row = store.Events.ReadOne(view, seq);
        if (row is { } kept)
        {
            steps.Add(new HistoryStep(HistoryStage.Accepted, kept.AcceptedAt));
            if (store.Commits.Find(kept.Rowid) is { } stored)
            {
                steps.Add(new HistoryStep(HistoryStage.Stored, stored));
            }
        }

        var isComplete = AddHistory(store.History, view.Id, seq, row?.AcceptedAt ?? DateTimeOffset.MinValue, steps);
        steps = [.. steps.Select(step => step with { At = clock.ToWall(step.At) })];
        var letter = store.DeadLetters.FindEvent(view.Id, seq);
        if (letter is not null)
        {
            steps.Add(new HistoryStep(HistoryStage.DeadLettered, letter.At));
        }

        return steps.Count == 0 ? null : new EventHistory(
            row?.Event.Buffer ?? letter?.Buffer, [.. steps.OrderBy(static step => step.At)], isComplete && row is not null);
    }

    // Back in time from the stream's last row until before the event.
    private static bool AddHistory(HistoryTable history, long stream, long seq, DateTimeOffset acceptedAt, List<HistoryStep> steps)
    {
        var progress = new Stack<ConnectionProgress>();
        var (rowid, deleted) = history.ReadHead(stream);
        var isBefore = false;
        for (var i = 0; i < MaxRows && rowid > deleted && !isBefore; i++)
        {
            var row = history.Read(rowid, stream);
            rowid = row.Prev;
            if (row.Kind == HistoryKind.Expired)
            {
                if (row.From <= seq && seq <= row.Queued)
                {
                    steps.Add(new HistoryStep(HistoryStage.Expired, row.At));
                }

                continue;
            }

            isBefore = row.At < acceptedAt;
            progress.Push(new ConnectionProgress(row.ConnectionId!, row.At, row.From, row.Queued, row.Written, row.Acknowledged));
        }

        HistorySteps.AddOf(progress, seq, steps);
        return isBefore || rowid == 0;
    }
}

/// <summary>A connection's progress on its way into the delivery history.</summary>
internal readonly record struct HistoryEntry(SqliteLease Lease, ConnectionProgress Progress);

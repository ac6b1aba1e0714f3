namespace Netra.Pipeline.Sqlite;

/// <summary>
/// Brings streams, runs and the log's size up to what is stored, when the last process ended without saving them. It goes in steps, so that
/// memory stays bounded, and may itself be interrupted at any of them.
/// </summary>
internal sealed class Recovery(LogStore store)
{
    private const int RowsAtOnce = 10_000;

    /// <returns>How many events had not been counted.</returns>
    public long Run()
    {
        var events = new List<EventRow>();
        var total = 0L;
        do
        {
            events.Clear();
            store.Events.ReadAbove(store.Log.Watermark, RowsAtOnce, events);
            store.Begin();
            try
            {
                Count(events);
                store.Commit();
            }
            catch (Exception)
            {
                store.Rollback();
                throw;
            }

            total += events.Count;
        }
        while (events.Count == RowsAtOnce);

        while (RecoverHistory())
        {
        }

        return total;
    }

    private void Count(List<EventRow> events)
    {
        foreach (var row in events)
        {
            var stream = store.Streams.Get(row.Stream);
            store.Change().WatermarkBytes += row.Bytes;
            if (row.Rowid <= stream.Now.HeadRowid)
            {
                // The stream was saved since, with this event.
                continue;
            }

            ref var state = ref store.Streams.Change(stream);
            if (row.Prev != state.HeadRowid || row.Seq != state.HeadSeq + 1)
            {
                throw new InvalidDataException(
                    $"row {row.Rowid} holds event {row.Seq} of stream {stream.Id} after row {row.Prev}, "
                    + $"but the stream stood at event {state.HeadSeq} in row {state.HeadRowid}: the file is damaged");
            }

            state.Count(row.Seq, row.Rowid, RunKeys.With(state.MarkRuns, row.Run));
            if (row.Run > 0)
            {
                store.Runs.Recount(stream, row.Run, row.Seq, row.Type);
            }
        }

        if (events.Count > 0)
        {
            store.Streams.SaveAll();
            ref var log = ref store.Change();
            (log.Watermark, log.Bytes) = (events[^1].Rowid, log.WatermarkBytes);
            store.SaveLog();
        }
    }

    private bool RecoverHistory()
    {
        var entries = new List<(long Rowid, long Stream)>();
        store.History.ReadAbove(store.Log.HistoryWatermark, RowsAtOnce, entries);
        store.Begin();
        try
        {
            foreach (var (rowid, id) in entries)
            {
                ref var state = ref store.Streams.Change(store.Streams.Get(id));
                state.HistoryRowid = Math.Max(state.HistoryRowid, rowid);
            }

            if (entries.Count > 0)
            {
                store.Streams.SaveAll();
                store.Change().HistoryWatermark = entries[^1].Rowid;
                store.SaveLog();
            }

            store.Commit();
        }
        catch (Exception)
        {
            store.Rollback();
            throw;
        }

        return entries.Count == RowsAtOnce;
    }
}

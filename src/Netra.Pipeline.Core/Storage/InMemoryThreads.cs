namespace Netra.Pipeline.Storage;

/// <summary>The threads of the in-memory log. May be called in parallel.</summary>
internal sealed class InMemoryThreads(StorageClock clock) : IThreadIndex
{
    public ValueTask<ThreadPage> ListAsync(StreamLease lease, long before, int limit, CancellationToken cancellationToken)
    {
        var page = ((InMemoryLease)lease).Stream.ListThreads(before, limit);
        return ValueTask.FromResult(page with
        {
            Threads = [.. page.Threads.Select(thread => thread with { LastAt = clock.ToWall(thread.LastAt) })],
        });
    }

    public ValueTask<ThreadEvents?> ReadAsync(
        StreamLease lease, string threadId, long after, int limit, int maxBytes, CancellationToken cancellationToken)
        => ValueTask.FromResult(((InMemoryLease)lease).Stream.ReadThread(threadId, after, limit, maxBytes));
}

/// <summary>What one stream of the in-memory log knows of its threads. Guarded by the stream's lock.</summary>
internal sealed class InMemoryThreadTable
{
    private readonly Dictionary<string, InMemoryThread> _threads = new(StringComparer.Ordinal);

    /// <summary>Counts an event.</summary>
    /// <returns>Its thread; null for none.</returns>
    public string? Count(in LogEntry entry)
    {
        if ((entry.Run?.ThreadId ?? entry.Thread?.ThreadId) is not { } threadId)
        {
            return null;
        }

        if (!_threads.TryGetValue(threadId, out var thread))
        {
            _threads.Add(threadId, thread = new InMemoryThread());
        }

        thread.Events++;
        thread.LastSeq = entry.Seq;
        thread.Title = entry.Thread is { Title: { } title, IsMakeshift: var isMakeshift } && !(isMakeshift && thread.Title is not null)
            ? title
            : thread.Title;
        return threadId;
    }

    /// <summary>An event was deleted.</summary>
    public void Expire(in InMemoryEvent expired)
    {
        if (expired.ThreadId is { } threadId && --_threads[threadId].Events == 0)
        {
            _threads.Remove(threadId);
        }
    }

    public ThreadPage List(SeqRing<InMemoryEvent> events, Func<string, IReadOnlyList<string>> openRunsOf, long before, int limit)
    {
        var found = _threads.Where(thread => thread.Value.LastSeq < before)
            .OrderByDescending(static thread => thread.Value.LastSeq)
            .Take(limit + 1)
            .Select(thread =>
            {
                var last = events[thread.Value.LastSeq];
                return new ThreadSummary(
                    thread.Key, thread.Value.Title, thread.Value.LastSeq, last.Type, last.AcceptedAt, openRunsOf(thread.Key));
            })
            .ToList();
        return found.Count > limit ? new ThreadPage(found[..limit], found[limit - 1].LastSeq) : new ThreadPage(found, Next: null);
    }

    public ThreadEvents? Read(SeqRing<InMemoryEvent> events, string threadId, long after, int limit, int maxBytes)
    {
        if (!_threads.ContainsKey(threadId))
        {
            return null;
        }

        var (page, bytes) = (new List<StoredEvent>(), 0);
        for (var seq = Math.Max(after + 1, events.First); seq <= events.Last; seq++)
        {
            var kept = events[seq];
            if (kept.ThreadId != threadId)
            {
                continue;
            }

            bytes += kept.Buffer.Length;
            if (page.Count == limit || (page.Count > 0 && bytes > maxBytes))
            {
                return new ThreadEvents(page, page[^1].Seq);
            }

            page.Add(new StoredEvent(seq, kept.Type, kept.Buffer));
        }

        return new ThreadEvents(page, Next: null);
    }

    private sealed class InMemoryThread
    {
        public string? Title { get; set; }

        public long Events { get; set; }

        public long LastSeq { get; set; }
    }
}

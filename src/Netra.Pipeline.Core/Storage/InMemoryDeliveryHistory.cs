namespace Netra.Pipeline.Storage;

/// <summary>
/// The delivery history of the in-memory log: the latest positions of each stream's connections. May be called in parallel.
/// </summary>
internal sealed class InMemoryDeliveryHistory(InMemoryDeadLetters deadLetters) : IAuditTrail
{
    public bool TryRecord(StreamLease lease, in ConnectionProgress progress)
    {
        ((InMemoryLease)lease).Stream.Record(progress);
        return true;
    }

    public ValueTask<EventHistory?> ReadAsync(StreamLease lease, long seq, CancellationToken cancellationToken)
        => ValueTask.FromResult(((InMemoryLease)lease).Stream.ReadHistory(seq, deadLetters.Of(lease.StreamId, seq)));
}

/// <summary>What one stream of the in-memory log remembers of the way of its events. Guarded by the stream's lock.</summary>
internal sealed class InMemoryHistory
{
    // An hour of one connection that is busy every second.
    private const int MaxKept = 3600;

    private readonly Queue<ConnectionProgress> _progress = new();
    private readonly Queue<(SeqRange Range, DateTimeOffset At)> _expirations = new();

    public void Record(in ConnectionProgress progress) => Keep(_progress, progress);

    public void Expire(SeqRange range, DateTimeOffset at) => Keep(_expirations, (range, at));

    /// <summary>What is known of an event.</summary>
    /// <param name="seq">Its number.</param>
    /// <param name="kept">The event; null when it is deleted.</param>
    /// <param name="letter">Its dead letter, if it is one.</param>
    public EventHistory Read(long seq, InMemoryEvent? kept, DeadLetter? letter)
    {
        var steps = new List<HistoryStep>();
        if (kept is { AcceptedAt: var acceptedAt })
        {
            steps.Add(new HistoryStep(HistoryStage.Accepted, acceptedAt));
            steps.Add(new HistoryStep(HistoryStage.Stored, acceptedAt));
        }

        HistorySteps.AddOf(_progress, seq, steps);
        if (letter is not null)
        {
            steps.Add(new HistoryStep(HistoryStage.DeadLettered, letter.At));
        }

        steps.AddRange(_expirations.Where(e => e.Range.From <= seq && seq <= e.Range.To)
            .Select(static e => new HistoryStep(HistoryStage.Expired, e.At)));
        return new EventHistory(
            kept?.Buffer ?? letter?.Buffer, [.. steps.OrderBy(static step => step.At)], IsComplete: _progress.Count < MaxKept);
    }

    private static void Keep<T>(Queue<T> latest, T item)
    {
        latest.Enqueue(item);
        if (latest.Count > MaxKept)
        {
            latest.Dequeue();
        }
    }
}

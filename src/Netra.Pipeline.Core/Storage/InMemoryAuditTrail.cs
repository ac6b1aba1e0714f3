namespace Netra.Pipeline.Storage;

/// <summary>The audit of the in-memory log: the latest positions of each stream's connections. May be called in parallel.</summary>
internal sealed class InMemoryAuditTrail(InMemoryDeadLetters deadLetters) : IAuditTrail
{
    public bool TryRecord(StreamLease lease, in ConnectionProgress progress)
    {
        ((InMemoryLease)lease).Stream.Record(progress);
        return true;
    }

    public ValueTask<EventHistory?> ReadAsync(StreamLease lease, long seq, CancellationToken cancellationToken)
        => ValueTask.FromResult(((InMemoryLease)lease).Stream.ReadHistory(seq, deadLetters.Of(lease.StreamId, seq)));
}

using Netra.Pipeline.Contexts;
using Netra.Pipeline.Events;
using Netra.Pipeline.Storage;

namespace Netra.Pipeline.Streams;

/// <summary>
/// What the parts of one stream share: its lock, its lease, its accounts, and the numbers that say how far it has come. One lock guards all
/// parts of a stream; nothing is awaited and no user code runs under it.
/// </summary>
internal sealed class StreamState
{
    private readonly byte[] _key;
    private long _head;

    public StreamState(StreamServices services, StreamLease lease)
    {
        (Services, Lease, Ledger, Log, Time) = (services, lease, new StreamLedger(lease), services.Log, services.Time);
        IsSystem = IdentifierRules.IsReserved(lease.UserId);
        _head = Committed = lease.Head;
        ExpiredThrough = ExpiringThrough = lease.ExpiredThrough;
        _key = EventDraft.KeyOf(lease.StreamId);
        Observer = services.Observers.Open(lease.UserId);
    }

    /// <summary>The stream's lock. The log's own locks are taken inside it, never around it, but for locks that no append takes.</summary>
    public Lock Gate { get; } = new();

    public StreamServices Services { get; }

    public StreamLease Lease { get; }

    public StreamLedger Ledger { get; }

    /// <summary>The stream's observer.</summary>
    public StreamObserver Observer { get; }

    /// <summary>Whether it is a reserved user's, which counts in no accounts.</summary>
    public bool IsSystem { get; }

    public string UserId => Lease.UserId;

    public IEventLog Log { get; }

    public TimeProvider Time { get; }

    /// <summary>The bytes of an event before its number.</summary>
    public ReadOnlySpan<byte> Key => _key;

    /// <summary>The last number that was given. May be read without the lock.</summary>
    public long Head { get => Volatile.Read(ref _head); set => Volatile.Write(ref _head, value); }

    /// <summary>The last number that the log has stored.</summary>
    public long Committed { get; set; }

    /// <summary>The last number that retention has deleted.</summary>
    public long ExpiredThrough { get; set; }

    /// <summary>Acknowledgements of numbers up to this one confirm nothing any more: they are being deleted.</summary>
    public long ExpiringThrough { get; set; }

    public string IdOf(long seq) => EventDraft.IdOf(_key, seq);
}

using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Netra.Pipeline.Log;

/// <summary>
/// One user's events in memory: consecutive numbers, the oldest first. The lock guards everything; nothing is called under it.
/// </summary>
internal sealed class InMemoryStream(string userId)
{
    private readonly Lock _gate = new();
    private readonly SeqRing<LogEntry> _events = new();
    private readonly ulong _streamId = BinaryPrimitives.ReadUInt64LittleEndian(RandomNumberGenerator.GetBytes(8));
    private IReadOnlyList<SeqRange> _acknowledged = [];
    private long _head;
    private long _expiredThrough;
    private long _fencingToken;

    public string UserId { get; } = userId;

    public InMemoryLease Grant(Action<long> committed)
    {
        lock (_gate)
        {
            return new InMemoryLease(this, committed)
            {
                UserId = UserId,
                StreamId = _streamId,
                Head = _head,
                ExpiredThrough = _expiredThrough,
                Acknowledged = _acknowledged,
                FencingToken = ++_fencingToken,
            };
        }
    }

    public void Release(InMemoryLease lease, IReadOnlyList<SeqRange> acknowledged)
    {
        lock (_gate)
        {
            if (IsSuperseded(lease))
            {
                throw new InvalidOperationException($"Lease {lease.FencingToken} of the stream of {UserId} was superseded by {_fencingToken}.");
            }

            _acknowledged = acknowledged;
        }
    }

    /// <returns>False when the lease is superseded, and nothing has changed.</returns>
    public bool TryAppend(InMemoryLease lease, in LogEntry entry)
    {
        lock (_gate)
        {
            if (IsSuperseded(lease))
            {
                return false;
            }

            if (entry.Seq != _head + 1)
            {
                throw new InvalidOperationException($"Event {entry.Seq} does not follow {_head} in the stream of {UserId}.");
            }

            _head = entry.Seq;
            _events.Append(entry.Seq, entry);
            return true;
        }
    }

    public EventPage Read(SeqRange range, int maxBytes)
    {
        var page = new List<StoredEvent>();
        lock (_gate)
        {
            var bytes = 0;
            for (var seq = Math.Max(range.From, _events.First); seq <= range.To && _events.Contains(seq); seq++)
            {
                var buffer = _events[seq].Buffer;
                bytes += buffer.Length;
                if (page.Count > 0 && bytes > maxBytes)
                {
                    break;
                }

                page.Add(new StoredEvent(seq, buffer));
            }
        }

        return new EventPage(page);
    }

    public bool TryExpireOldest(DateTimeOffset olderThan, out long seq, out int bytes, out bool acknowledged)
    {
        lock (_gate)
        {
            if (_events.Count == 0 || _events[_events.First].AcceptedAt >= olderThan)
            {
                (seq, bytes, acknowledged) = (0, 0, false);
                return false;
            }

            var oldest = _events.RemoveFirst();
            _expiredThrough = oldest.Seq;
            (seq, bytes, acknowledged) = (oldest.Seq, oldest.Buffer.Length, _acknowledged.Any(range => range.From <= oldest.Seq && oldest.Seq <= range.To));
            return true;
        }
    }

    private bool IsSuperseded(InMemoryLease lease) => lease.FencingToken != _fencingToken;
}

using System.Buffers.Binary;
using System.Security.Cryptography;
using Netra.Pipeline.Contexts;
using Netra.Pipeline.Protocol;

namespace Netra.Pipeline.Storage;

/// <summary>
/// One user's events in memory: consecutive numbers, the oldest first. The lock guards everything; nothing is called under it.
/// </summary>
/// <param name="userId">The user.</param>
/// <param name="erasedHead">The last number that the user had before it was erased; 0 for none. Numbers go on above it.</param>
internal sealed class InMemoryStream(string userId, long erasedHead = 0)
{
    private readonly Lock _gate = new();
    private readonly SeqRing<InMemoryEvent> _events = new();
    private readonly Dictionary<(string ThreadId, string RunId), InMemoryRun> _runs = [];
    private readonly SortedSet<long> _deadLetters = [];
    private readonly InMemoryHistory _history = new();
    private readonly InMemoryThreadTable _threads = new();
    private IReadOnlyList<SeqRange> _acknowledged = [];
    private InMemoryLease? _lease;
    private long _head = erasedHead == 0 ? 0 : StreamLease.After(erasedHead);
    private long _expiredThrough = erasedHead == 0 ? 0 : StreamLease.After(erasedHead);
    private long _accepted;
    private bool _isErased;
    private long _acknowledgedGone;
    private long _expired;
    private long _deadLetteredGone;
    private long _fencingToken;

    public string UserId { get; } = userId;

    /// <summary>Whether it was erased: nothing of it is kept.</summary>
    public bool IsErased
    {
        get
        {
            lock (_gate)
            {
                return _isErased;
            }
        }
    }

    /// <summary>Whether it is one of the system's own, which no account counts.</summary>
    public bool IsSystem { get; } = IdentifierRules.IsReserved(userId);

    public ulong StreamId { get; } = BinaryPrimitives.ReadUInt64LittleEndian(RandomNumberGenerator.GetBytes(8));

    /// <summary>The present owner of the stream; null for none.</summary>
    public IStreamOwner? Owner
    {
        get
        {
            lock (_gate)
            {
                return _lease?.Owner;
            }
        }
    }

    /// <summary>The account, unless an owner keeps it at the moment.</summary>
    public StreamAccount Resting
    {
        get
        {
            lock (_gate)
            {
                return _lease is null && !IsSystem ? Account() : default;
            }
        }
    }

    public InMemoryLease Grant(Func<StreamLease, IStreamOwner> own)
    {
        lock (_gate)
        {
            _lease = new InMemoryLease(this)
            {
                UserId = UserId,
                StreamId = StreamId,
                Head = _head,
                ExpiredThrough = _expiredThrough,
                Acknowledged = _acknowledged,
                DeadLettered = [.. _deadLetters],
                Kept = _events.Count,
                Account = Account(),
                FencingToken = ++_fencingToken,
            };
            _lease.Owner = own(_lease);
            return _lease;
        }
    }

    public void Release(InMemoryLease lease, IReadOnlyList<SeqRange> acknowledged)
    {
        lock (_gate)
        {
            if (IsSuperseded(lease))
            {
                throw new InvalidOperationException(
                    $"Lease {lease.FencingToken} of the stream of {UserId} was superseded by {_fencingToken}.");
            }

            (_acknowledged, _lease) = (acknowledged, null);
            _deadLetters.RemoveWhere(IsAcknowledged);
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

            (_head, _accepted) = (entry.Seq, _accepted + 1);
            _events.Append(entry.Seq, new InMemoryEvent(entry.Type, entry.AcceptedAt, entry.Buffer, _threads.Count(entry)));
            if (entry.Run is { } run)
            {
                if (!_runs.TryGetValue((run.ThreadId, run.RunId), out var counted))
                {
                    _runs.Add((run.ThreadId, run.RunId), counted = new InMemoryRun(run));
                }

                counted.Count(entry);
            }

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
                var entry = _events[seq];
                bytes += entry.Buffer.Length;
                if (page.Count > 0 && bytes > maxBytes)
                {
                    break;
                }

                page.Add(new StoredEvent(seq, entry.Type, entry.Buffer));
            }
        }

        return new EventPage(page);
    }

    public ThreadPage ListThreads(long before, int limit)
    {
        lock (_gate)
        {
            return _threads.List(_events, OpenRunsOf, before, limit);
        }
    }

    public ThreadEvents? ReadThread(string threadId, long after, int limit, int maxBytes)
    {
        lock (_gate)
        {
            return _threads.Read(_events, threadId, after, limit, maxBytes);
        }
    }

    public LogRun? FindRun(string threadId, string runId)
    {
        lock (_gate)
        {
            return _runs.GetValueOrDefault((threadId, runId))?.ToLogRun();
        }
    }

    public void StoreWait(string threadId, string runId, DateTimeOffset until)
    {
        lock (_gate)
        {
            _runs.GetValueOrDefault((threadId, runId))?.Wait(until);
        }
    }

    public IReadOnlyList<OpenRun> InterruptedRuns()
    {
        lock (_gate)
        {
            return [.. _runs.Values.Where(static run => run.IsOpen).Select(run => run.ToOpenRun(UserId))];
        }
    }

    /// <summary>Makes a dead letter of a kept event.</summary>
    /// <returns>False when it is one already, or is not kept.</returns>
    public bool TryMarkDeadLetter(long seq, out byte[] buffer)
    {
        lock (_gate)
        {
            buffer = _events.Contains(seq) ? _events[seq].Buffer : [];
            return buffer.Length > 0 && _deadLetters.Add(seq);
        }
    }

    /// <summary>Whether the event that is so many after the oldest one is older than a time.</summary>
    public bool IsOlder(int offset, DateTimeOffset olderThan, out int bytes)
    {
        lock (_gate)
        {
            var seq = _events.First + offset;
            var found = _events.Contains(seq);
            bytes = found ? _events[seq].Buffer.Length : 0;
            return found && _events[seq].AcceptedAt < olderThan;
        }
    }

    public SeqRange Oldest(int count)
    {
        lock (_gate)
        {
            return new SeqRange(_events.First, _events.First + count - 1);
        }
    }

    /// <summary>What was unacknowledged of a range when the stream was released.</summary>
    public IReadOnlyList<SeqRange> Unacknowledged(SeqRange range)
    {
        lock (_gate)
        {
            return SeqRanges.Without(range, _acknowledged);
        }
    }

    /// <summary>Deletes the oldest events up to a number.</summary>
    /// <param name="range">Their numbers.</param>
    /// <param name="unacknowledged">Which of them no device has acknowledged.</param>
    /// <param name="at">When.</param>
    /// <param name="letters">Takes those that become dead letters.</param>
    public ExpiredRange Expire(
        SeqRange range, IReadOnlyList<SeqRange> unacknowledged, DateTimeOffset at, List<(long Seq, byte[] Buffer)> letters)
    {
        lock (_gate)
        {
            var (open, dead) = (0L, 0L);
            while (_events.Count > 0 && _events.First <= range.To)
            {
                var seq = _events.First;
                var oldest = _events.RemoveFirst();
                _threads.Expire(oldest);
                var isLetter = _deadLetters.Remove(seq);
                if (!SeqRanges.Contain(unacknowledged, seq))
                {
                    continue;
                }

                open++;
                if (!isLetter && EventTypes.IsCritical(oldest.Type) && !IsSystem)
                {
                    letters.Add((seq, oldest.Buffer));
                    isLetter = true;
                }

                dead += isLetter ? 1 : 0;
            }

            _expiredThrough = range.To;
            _acknowledgedGone += range.Count - open;
            _expired += open - dead;
            _deadLetteredGone += dead;
            foreach (var (key, _) in _runs.Where(run => run.Value.LastSeq <= range.To).ToArray())
            {
                _runs.Remove(key);
            }

            foreach (var run in _runs.Values)
            {
                run.Expire(range.To);
            }

            _history.Expire(range, at);
            return new ExpiredRange(UserId, range, range.Count, open, dead);
        }
    }

    /// <summary>Ends the stream: nothing of it is kept, and its lease is over.</summary>
    /// <returns>Its account and its last number; what its events held, in bytes.</returns>
    public (StreamAccount Account, long Head, long Bytes) Erase()
    {
        // Asked for outside of the lock: an owner that appends holds its own.
        var acknowledged = Owner?.ReadAcknowledged();
        lock (_gate)
        {
            (_acknowledged, _isErased) = (acknowledged ?? _acknowledged, true);
            var (account, bytes) = (Account(), 0L);
            while (_events.Count > 0)
            {
                bytes += _events.RemoveFirst().Buffer.Length;
            }

            _lease = null;
            return (account, _head, bytes);
        }
    }

    public void Record(in ConnectionProgress progress)
    {
        lock (_gate)
        {
            _history.Record(progress);
        }
    }

    public EventHistory? ReadHistory(long seq, DeadLetter? letter)
    {
        lock (_gate)
        {
            return seq < 1 || seq > _head ? null : _history.Read(seq, _events.Contains(seq) ? _events[seq] : null, letter);
        }
    }

    private StreamAccount Account()
    {
        var confirmed = _acknowledged.Sum(range => Math.Max(0, Math.Min(range.To, _head) - Math.Max(range.From, _expiredThrough + 1) + 1));
        var letters = _deadLetters.Count(seq => !IsAcknowledged(seq));
        return new StreamAccount(
            _accepted, _acknowledgedGone + confirmed, _events.Count - confirmed - letters, _expired, _deadLetteredGone + letters);
    }

    private IReadOnlyList<string> OpenRunsOf(string threadId) =>
    [
        .. _runs.Where(run => run.Key.ThreadId == threadId && run.Value.IsOpen).Select(static run => run.Key.RunId)
            .Take(ThreadSummary.MaxOpenRuns),
    ];

    private bool IsAcknowledged(long seq) => SeqRanges.Contain(_acknowledged, seq);

    private bool IsSuperseded(InMemoryLease lease) => _isErased || lease.FencingToken != _fencingToken;
}

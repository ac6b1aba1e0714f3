using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Options;
using Netra.Pipeline.Events;
using Netra.Pipeline.Tenants;

namespace Netra.Pipeline.Storage;

/// <summary>
/// A log for tests and throw-away use: it survives nothing. <em>Stored</em> means held in this process, and commits happen at once.
/// </summary>
/// <remarks>
/// Streams are independent; each has a lock of its own, held for the time of a copy. The arrival queue, shared by all, orders deletion by
/// time. Deletion, granting and releasing exclude each other, since deletion asks the owner of a stream; that lock is taken outside of the
/// streams' own, and never by <see cref="TryAppend"/>. Bytes are taken under the lock of those who wait for room, so an append neither
/// takes what is kept for somebody, nor holds up anybody by what it does not get.
/// </remarks>
public sealed class InMemoryEventLog : IEventLog
{
    private const int ExpiredAtOnce = 2000;

    private readonly ConcurrentDictionary<string, InMemoryStream> _streams = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<ulong, string> _users = new();
    private readonly ConcurrentDictionary<UInt128, (PublishKey Key, ulong StreamId, long Seq)> _keys = new();
    private readonly ConcurrentQueue<InMemoryStream> _arrivals = new();
    private readonly ConcurrentDictionary<string, long> _erasedHeads = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, bool> _erasures = new(StringComparer.Ordinal);
    private readonly byte[] _secret = RandomNumberGenerator.GetBytes(32);
    private readonly InMemoryDeadLetters _deadLetters;
    private readonly InMemoryCommands _commands;
    private readonly Lock _owners = new();
    private readonly InMemoryEventLogOptions _options;
    private readonly StorageClock _clock;
    private readonly Lock _room = new();
    private readonly RoomQueue _waiting;
    private StreamAccount _gone;
    private long _bytes;

    /// <summary>Makes an empty log.</summary>
    /// <param name="options">Its limits.</param>
    /// <param name="time">The clock.</param>
    public InMemoryEventLog(IOptions<InMemoryEventLogOptions> options, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(options);
        (_options, _clock) = (options.Value, new StorageClock(time));
        _deadLetters = new InMemoryDeadLetters(_clock);
        _commands = new InMemoryCommands(_clock);
        Audit = new InMemoryDeliveryHistory(_deadLetters);
        Threads = new InMemoryThreads(_clock);
        _waiting = new RoomQueue(_room, bytes => bytes > _options.MaxBytes || Bytes + _waiting!.KeptBytes + bytes <= _options.MaxBytes);
    }

    /// <inheritdoc/>
    public string Epoch { get; } = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(8));

    /// <inheritdoc/>
    public string Bound => $"{_options.MaxBytes} bytes (Netra:Log:InMemory:MaxBytes)";

    /// <inheritdoc/>
    public string? Trouble => null;

    /// <inheritdoc/>
    public StreamAccount Resting
    {
        get
        {
            lock (_owners)
            {
                return _streams.Values.Aggregate(_gone, static (sum, stream) => sum + stream.Resting);
            }
        }
    }

    /// <inheritdoc/>
    public long StreamCount => _streams.Values.Count(static stream => !stream.IsSystem);

    /// <inheritdoc/>
    public IDeadLetterStore DeadLetters => _deadLetters;

    /// <inheritdoc/>
    public ICommandStore Commands => _commands;

    /// <inheritdoc/>
    public IAuditTrail Audit { get; }

    /// <inheritdoc/>
    public IThreadIndex Threads { get; }

    /// <summary>What is kept at the moment, in bytes.</summary>
    public long Bytes => Interlocked.Read(ref _bytes);

    /// <inheritdoc/>
    public ValueTask StartAsync(CancellationToken cancellationToken) => ValueTask.CompletedTask;

    /// <inheritdoc/>
    public ValueTask<StreamLease> OpenAsync(string userId, Func<StreamLease, IStreamOwner> own, CancellationToken cancellationToken)
    {
        ArgumentException.ThrowIfNullOrEmpty(userId);
        ArgumentNullException.ThrowIfNull(own);
        lock (_owners)
        {
            var stream = _streams.GetOrAdd(userId, id => new InMemoryStream(id, _erasedHeads.GetValueOrDefault(HashOf(id))));
            _users[stream.StreamId] = userId;
            return ValueTask.FromResult<StreamLease>(stream.Grant(own));
        }
    }

    /// <inheritdoc/>
    public ValueTask ClaimAsync(StreamLease lease, CancellationToken cancellationToken) => ValueTask.CompletedTask;

    /// <inheritdoc/>
    public ValueTask ReleaseAsync(StreamLease lease, IReadOnlyList<SeqRange> acknowledged, CancellationToken cancellationToken)
    {
        var granted = Granted(lease);
        lock (_owners)
        {
            granted.Stream.Release(granted, acknowledged);
        }

        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public AppendResult TryAppend(StreamLease lease, in LogEntry entry)
    {
        var granted = Granted(lease);

        lock (_room)
        {
            // What an event that has not waited must leave alone: what is reserved for others, and everything while others wait.
            var kept = entry.HasRoom ? 0 : _waiting.AnyWaiting ? _options.MaxBytes : _waiting.KeptBytes;
            if (Bytes + entry.Buffer.Length > _options.MaxBytes - kept)
            {
                return AppendResult.Full;
            }

            Interlocked.Add(ref _bytes, entry.Buffer.Length);
        }

        var accepted = _clock.OfWall(entry.AcceptedAt);
        if (!granted.Stream.TryAppend(granted, accepted == entry.AcceptedAt ? entry : entry with { AcceptedAt = accepted }))
        {
            GiveBack(entry.Buffer.Length);
            return AppendResult.Failed;
        }

        _arrivals.Enqueue(granted.Stream);
        if (entry.Key is { } key)
        {
            key.KeptUntil = _clock.OfWall(key.ExpiresAt);
            _keys[key.Hash] = (key, granted.StreamId, entry.Seq);
        }

        if (entry.Command is { } change)
        {
            _commands.Apply(change, EventDraft.IdOf(EventDraft.KeyOf(granted.StreamId), entry.Seq));
        }

        granted.Owner!.OnCommitted(entry.Seq, 1);
        return AppendResult.Taken;
    }

    /// <inheritdoc/>
    public ValueTask<IDisposable> WaitForRoomAsync(StreamLease lease, int bytes, CancellationToken cancellationToken)
        => _waiting.WaitAsync(bytes, cancellationToken);

    /// <inheritdoc/>
    public ValueTask<EventPage> ReadPageAsync(StreamLease lease, SeqRange range, int maxBytes, CancellationToken cancellationToken)
        => ValueTask.FromResult(Granted(lease).Stream.Read(range, maxBytes));

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<ExpiredRange>> ExpireAsync(DateTimeOffset olderThan, CancellationToken cancellationToken)
    {
        var expired = new Dictionary<string, ExpiredRange>(StringComparer.Ordinal);
        var oldest = _clock.OfWall(olderThan);
        lock (_owners)
        {
            while (!cancellationToken.IsCancellationRequested && PlanExpiry(oldest) is { Count: > 0 } plan)
            {
                foreach (var (stream, count) in plan)
                {
                    var range = Expire(stream, count);
                    expired[stream.UserId] = expired.TryGetValue(stream.UserId, out var before) ? before.And(range) : range;
                }
            }
        }

        var now = _clock.Now;
        foreach (var (hash, stored) in _keys)
        {
            if (stored.Key.KeptUntil <= now)
            {
                _keys.TryRemove(hash, out _);
            }
        }

        return ValueTask.FromResult<IReadOnlyList<ExpiredRange>>([.. expired.Values]);
    }

    /// <inheritdoc/>
    public ValueTask<LogRun?> FindRunAsync(StreamLease lease, string threadId, string runId, CancellationToken cancellationToken)
        => ValueTask.FromResult(Granted(lease).Stream.FindRun(threadId, runId));

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<OpenRun>> ReadOpenRunsAsync(CancellationToken cancellationToken)
        => ValueTask.FromResult<IReadOnlyList<OpenRun>>([.. _streams.Values.SelectMany(static stream => stream.InterruptedRuns())]);

    /// <inheritdoc/>
    public ValueTask StoreWaitAsync(StreamLease lease, LogRun run, DateTimeOffset until, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(run);
        Granted(lease).Stream.StoreWait(run.ThreadId, run.RunId, until);
        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public ValueTask<StoredKey?> FindKeyAsync(UInt128 hash, CancellationToken cancellationToken) => ValueTask.FromResult(
        _keys.TryGetValue(hash, out var stored)
            ? new StoredKey(stored.Key.Content, stored.StreamId, stored.Seq, stored.Key.WaitForStatus())
            : null);

    /// <inheritdoc/>
    public ValueTask<string?> FindUserAsync(ulong streamId, CancellationToken cancellationToken)
        => ValueTask.FromResult(_users.GetValueOrDefault(streamId));

    /// <inheritdoc/>
    public ValueTask<bool> KnowsUserAsync(string userId, CancellationToken cancellationToken)
        => ValueTask.FromResult(_streams.ContainsKey(userId));

    /// <inheritdoc/>
    public ValueTask<(long Users, StreamAccount Account)> ReadTenantAsync(
        string tenantId, IReadOnlySet<string> except, CancellationToken cancellationToken)
    {
        var streams = _streams.Values
            .Where(stream => !stream.IsSystem && UserKey.TenantOf(stream.UserId) == tenantId && !except.Contains(stream.UserId))
            .ToArray();
        return ValueTask.FromResult((
            (long)streams.Length, streams.Aggregate(default(StreamAccount), static (sum, stream) => sum + stream.Resting)));
    }

    /// <inheritdoc/>
    public ValueTask<StreamAccount> EraseAsync(string userId, CancellationToken cancellationToken)
    {
        ArgumentException.ThrowIfNullOrEmpty(userId);
        var (account, bytes) = (default(StreamAccount), 0L);
        lock (_owners)
        {
            _erasures[userId] = true;
            _commands.Erase(userId);
            if (!_streams.TryRemove(userId, out var stream))
            {
                return ValueTask.FromResult(account);
            }

            (account, var head, bytes) = stream.Erase();
            account = account.AfterErasure();
            _gone += account;
            _erasedHeads[HashOf(userId)] = head;
            _users.TryRemove(stream.StreamId, out _);
            _deadLetters.Erase(stream.StreamId);
            foreach (var (hash, stored) in _keys)
            {
                if (stored.StreamId == stream.StreamId)
                {
                    _keys.TryRemove(hash, out _);
                }
            }
        }

        GiveBack(bytes);
        return ValueTask.FromResult(account);
    }

    /// <inheritdoc/>
    public ValueTask CompleteErasureAsync(string userId, CancellationToken cancellationToken)
    {
        _erasures.TryRemove(userId, out _);
        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<string>> ReadErasuresAsync(CancellationToken cancellationToken)
        => ValueTask.FromResult<IReadOnlyList<string>>([.. _erasures.Keys]);

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private string HashOf(string userId) => Convert.ToHexString(HMACSHA256.HashData(_secret, Encoding.UTF8.GetBytes(userId)));

    private static InMemoryLease Granted(StreamLease lease)
        => lease as InMemoryLease
            ?? throw new ArgumentException($"The lease of {UserKey.Show(lease.UserId)} was granted by another log.", nameof(lease));

    // Under the lock, so that an emitter that begins to wait either sees the room, or is in the queue by the time it is told.
    private void GiveBack(long bytes)
    {
        lock (_room)
        {
            Interlocked.Add(ref _bytes, -bytes);
        }

        _waiting.Update();
    }

    // Takes from the arrival queue what has to go next: it names a stream once per event kept, so its head names the stream
    // whose oldest event is the oldest of all.
    private Dictionary<InMemoryStream, int> PlanExpiry(DateTimeOffset olderThan)
    {
        var plan = new Dictionary<InMemoryStream, int>();
        var planned = 0L;
        for (var i = 0; i < ExpiredAtOnce && _arrivals.TryPeek(out var oldest); i++)
        {
            if (oldest.IsErased)
            {
                _arrivals.TryDequeue(out _);
                continue;
            }

            var limit = Interlocked.Read(ref _bytes) - planned <= _options.RetainedBytes ? olderThan : DateTimeOffset.MaxValue;
            if (!oldest.IsOlder(plan.GetValueOrDefault(oldest), limit, out var bytes))
            {
                break;
            }

            _arrivals.TryDequeue(out _);
            plan[oldest] = plan.GetValueOrDefault(oldest) + 1;
            planned += bytes;
        }

        return plan;
    }

    private ExpiredRange Expire(InMemoryStream stream, int count)
    {
        var now = _clock.Now;
        var range = stream.Oldest(count);
        var owner = stream.Owner;
        var unacknowledged = owner?.OnExpiring(range) ?? stream.Unacknowledged(range);
        var bytes = stream.Read(range, int.MaxValue).Events.Sum(static e => (long)e.Buffer.Length);
        var letters = new List<(long Seq, byte[] Buffer)>();
        var expired = stream.Expire(range, unacknowledged, now, letters);
        foreach (var (seq, buffer) in letters)
        {
            _deadLetters.Add(stream, seq, buffer, DeadLetterCause.Expired, attempts: 0, now);
        }

        GiveBack(bytes);
        owner?.OnExpired(expired);
        return expired;
    }
}

/// <summary>A lease of <see cref="InMemoryEventLog"/>: it knows its stream, so that appending needs no look-up.</summary>
internal sealed class InMemoryLease(InMemoryStream stream) : StreamLease
{
    public InMemoryStream Stream { get; } = stream;

    /// <summary>The stream's owner; set when the lease is granted.</summary>
    public IStreamOwner? Owner { get; set; }
}

using System.Collections.Concurrent;
using System.Security.Cryptography;
using Microsoft.Extensions.Options;

namespace Netra.Pipeline.Log;

/// <summary>
/// A log for tests and throw-away use: it survives nothing. <em>Stored</em> means held in this process, and commits happen at once.
/// </summary>
/// <remarks>
/// Streams are independent; each has a lock of its own, held for the time of a copy. The arrival queue, shared by all, orders deletion by time.
/// </remarks>
public sealed class InMemoryEventLog : IEventLog
{
    private readonly ConcurrentDictionary<string, InMemoryStream> _streams = new(StringComparer.Ordinal);
    private readonly ConcurrentQueue<InMemoryStream> _arrivals = new();
    private readonly Lock _expiring = new();
    private readonly InMemoryEventLogOptions _options;
    private long _bytes;

    /// <summary>Makes an empty log.</summary>
    /// <param name="options">Its limits.</param>
    public InMemoryEventLog(IOptions<InMemoryEventLogOptions> options)
    {
        ArgumentNullException.ThrowIfNull(options);
        _options = options.Value;
    }

    /// <inheritdoc/>
    public string Epoch { get; } = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(8));

    /// <inheritdoc/>
    public string Bound => $"{_options.MaxBytes} bytes (Netra:Log:InMemory:MaxBytes)";

    /// <summary>What is kept at the moment, in bytes.</summary>
    public long Bytes => Interlocked.Read(ref _bytes);

    /// <inheritdoc/>
    public ValueTask StartAsync(CancellationToken cancellationToken) => ValueTask.CompletedTask;

    /// <inheritdoc/>
    public ValueTask<StreamLease> OpenAsync(string userId, Action<long> committed, CancellationToken cancellationToken)
    {
        ArgumentException.ThrowIfNullOrEmpty(userId);
        ArgumentNullException.ThrowIfNull(committed);
        var stream = _streams.GetOrAdd(userId, static id => new InMemoryStream(id));
        return ValueTask.FromResult<StreamLease>(stream.Grant(committed));
    }

    /// <inheritdoc/>
    public ValueTask ReleaseAsync(StreamLease lease, IReadOnlyList<SeqRange> acknowledged, CancellationToken cancellationToken)
    {
        var granted = Granted(lease);
        granted.Stream.Release(granted, acknowledged);
        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public AppendResult TryAppend(StreamLease lease, in LogEntry entry)
    {
        var granted = Granted(lease);

        // Taken first and given back, so that streams appending in parallel do not exceed the bound together.
        if (Interlocked.Add(ref _bytes, entry.Buffer.Length) > _options.MaxBytes)
        {
            Interlocked.Add(ref _bytes, -entry.Buffer.Length);
            return AppendResult.Full;
        }

        if (!granted.Stream.TryAppend(granted, entry))
        {
            Interlocked.Add(ref _bytes, -entry.Buffer.Length);
            return AppendResult.Failed;
        }

        _arrivals.Enqueue(granted.Stream);
        granted.Committed(entry.Seq);
        return AppendResult.Taken;
    }

    /// <inheritdoc/>
    public ValueTask<EventPage> ReadPageAsync(StreamLease lease, SeqRange range, int maxBytes, CancellationToken cancellationToken)
        => ValueTask.FromResult(Granted(lease).Stream.Read(range, maxBytes));

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<ExpiredRange>> ExpireAsync(DateTimeOffset olderThan, CancellationToken cancellationToken)
    {
        var expired = new Dictionary<string, ExpiredRange>(StringComparer.Ordinal);

        // One at a time: two that look at the same head would take an entry each, and the second could be another stream's.
        lock (_expiring)
        {
            while (!cancellationToken.IsCancellationRequested && _arrivals.TryPeek(out var oldest))
            {
                // The queue names a stream once per event kept, so its head names the stream whose oldest event is the oldest of all.
                var keep = Interlocked.Read(ref _bytes) <= _options.RetainedBytes ? olderThan : DateTimeOffset.MaxValue;
                if (!oldest.TryExpireOldest(keep, out var seq, out var bytes, out var acknowledged))
                {
                    break;
                }

                _arrivals.TryDequeue(out _);
                Interlocked.Add(ref _bytes, -bytes);
                var lost = acknowledged ? 0 : 1;
                expired[oldest.UserId] = expired.TryGetValue(oldest.UserId, out var before)
                    ? before with { Range = before.Range with { To = seq }, Unacknowledged = before.Unacknowledged + lost }
                    : new ExpiredRange(oldest.UserId, new SeqRange(seq, seq), lost);
            }
        }

        return ValueTask.FromResult<IReadOnlyList<ExpiredRange>>([.. expired.Values]);
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private static InMemoryLease Granted(StreamLease lease)
        => lease as InMemoryLease ?? throw new ArgumentException($"The lease of {lease.UserId} was granted by another log.", nameof(lease));
}

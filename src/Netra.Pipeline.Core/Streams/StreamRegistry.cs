using System.Collections.Concurrent;
using Microsoft.Extensions.Options;
using Netra.Pipeline.Diagnostics;
using Netra.Pipeline.Failures;
using Netra.Pipeline.Limits;
using Netra.Pipeline.Runs;
using Netra.Pipeline.Storage;

namespace Netra.Pipeline.Streams;

/// <summary>
/// The loaded streams, by user. Safe to use from any thread. A stream is loaded when it is first needed, and evicted by a background loop
/// when it has been unused for a while, or when too many unused ones are loaded.
/// </summary>
internal sealed class StreamRegistry(
    IEventLog log,
    IOptions<StreamOptions> options,
    WindowBudget budget,
    StreamObservers observers,
    ServedTime time,
    BudgetRelief? relief = null,
    ReplayBudget? replay = null)
{
    // Leases given back together are stored together; more at once would only wait in the log's queue.
    private const int ReleasesAtOnce = 512;

    private readonly StreamServices _services = new(log, options.Value, budget, observers, time)
    {
        Relief = relief,
        Replay = replay ?? new ReplayBudget(Options.Create(new PeerLimitOptions()), time),
    };
    private readonly ConcurrentDictionary<string, StreamSlot> _slots = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, bool> _erasing = new(StringComparer.Ordinal);

    public int Count => _slots.Count;

    /// <summary>How many connections a user may have.</summary>
    public int MaxConnectionsPerUser => options.Value.MaxConnectionsPerUser;

    /// <summary>Counts what passes the streams, for metrics.</summary>
    public StreamCounters Counters => _services.Counters;

    public string Epoch => log.Epoch;

    /// <summary>Loads a user's stream and keeps it loaded until <see cref="StreamPins.Remove"/>.</summary>
    public ValueTask<UserStream> PinAsync(string userId, CancellationToken cancellationToken)
        => PinAsync(userId, run: null, cancellationToken);

    /// <summary>Loads the stream of a run that is about to emit, and looks the run up in the log in the same step.</summary>
    /// <inheritdoc cref="PinAsync(string, CancellationToken)"/>
    public ValueTask<UserStream> PinAsync(RunKey run, CancellationToken cancellationToken) => PinAsync(run.UserKey, run, cancellationToken);

    /// <summary>The stream of a user, if it is loaded.</summary>
    public bool TryGetLoaded(string userId, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out UserStream? stream)
    {
        stream = _slots.TryGetValue(userId, out var slot) && slot.Stream.IsCompletedSuccessfully ? slot.LoadedStream : null;
        return stream is not null;
    }

    /// <summary>
    /// Trims windows while their budget is exceeded. Waits for nothing, so that memory is limited even while the log is slow.
    /// </summary>
    public void TrimWindows()
    {
        if (budget.IsExceeded)
        {
            foreach (var stream in Loaded)
            {
                stream.Storage.TrimWindow();
            }
        }
    }

    /// <summary>
    /// Evicts the streams that have been unused for <see cref="StreamOptions.IdleGrace"/>, and those unused longest above
    /// <see cref="StreamOptions.MaxIdleStreams"/>. Called by one background loop, and waits for the log. While the log cannot store,
    /// nothing is evicted: every stream would wait for it, and so would a page that comes back.
    /// </summary>
    /// <exception cref="AggregateException">Some leases could not be given back. All other streams have been handled.</exception>
    public async ValueTask EvictIdleAsync(CancellationToken cancellationToken)
    {
        if (log.Trouble is not null)
        {
            return;
        }

        var idle = CollectIdle();
        List<Exception>? failures = null;
        var (now, above) = (time.GetTimestamp(), idle.Count - options.Value.MaxIdleStreams);
        var due = idle.TakeWhile((stream, i) => i < above || time.GetElapsedTime(stream.Since, now) >= options.Value.IdleGrace);
        foreach (var batch in due.Chunk(ReleasesAtOnce))
        {
            if (cancellationToken.IsCancellationRequested)
            {
                break;
            }

            var evicted = batch.Where(static stream => stream.Slot.LoadedStream.TryEvict(stream.Since));

            // When waiting is cancelled, the log finishes alone: a stop must not wait for a log that cannot store.
            var faults = await Task.WhenAll(evicted.Select(ReleaseAsync)).WaitAsync(cancellationToken);
            foreach (var fault in faults)
            {
                if (fault is not null)
                {
                    (failures ??= []).Add(fault);
                }
            }
        }

        if (failures is not null)
        {
            throw new AggregateException(
                "Leases of idle streams could not be given back; what was acknowledged last is not known to the log.", failures);
        }
    }

    /// <summary>The streams that are loaded at the moment.</summary>
    public IEnumerable<UserStream> Loaded => _slots
        .Where(static entry => entry.Value.Stream.IsCompletedSuccessfully)
        .Select(static entry => entry.Value.LoadedStream);

    /// <summary>
    /// Ends all streams, even those still pinned, once the log has stored what it has accepted. The pipeline has stopped.
    /// </summary>
    /// <exception cref="AggregateException">Some streams could not be given back: after the next start they continue above skipped
    /// numbers.</exception>
    public async ValueTask CloseAllAsync(CancellationToken cancellationToken)
    {
        var failures = new List<Exception>();
        foreach (var (userId, slot) in _slots)
        {
            try
            {
                var stream = await slot.Stream.WaitAsync(cancellationToken);
                if (await stream.CloseAsync(isErased: false, cancellationToken))
                {
                    await stream.ReleaseAsync(cancellationToken);
                }
            }
            catch (Exception exception)
            {
                failures.Add(exception);
            }
            finally
            {
                _slots.TryRemove(KeyValuePair.Create(userId, slot));
                slot.SetGone();
            }
        }

        if (failures.Count > 0)
        {
            throw new AggregateException(
                "Streams could not be given back; after the next start they go on above skipped numbers.", failures);
        }
    }

    /// <summary>From here on nobody gets a user's stream, until <see cref="EndErasure"/>.</summary>
    /// <returns>False when the user is being erased already.</returns>
    public bool TryBeginErasure(string userId) => _erasing.TryAdd(userId, true);

    public void EndErasure(string userId) => _erasing.TryRemove(userId, out _);

    /// <summary>
    /// Ends the stream of a user who is being erased, even if it is pinned, once the log has stored what it has accepted, and gives it
    /// back.
    /// </summary>
    public async ValueTask CloseErasedAsync(string userId, CancellationToken cancellationToken)
    {
        // One that is being opened is waited for; who comes later finds that the user is being erased.
        if (!_slots.TryGetValue(userId, out var slot))
        {
            return;
        }

        try
        {
            var stream = await slot.Stream.WaitAsync(cancellationToken);
            if (await stream.CloseAsync(isErased: true, cancellationToken))
            {
                await stream.ReleaseAsync(cancellationToken);
            }
        }
        catch (SendFailureException exception) when (exception.Code == FailureCode.ErasureUnderWay)
        {
            // It was never opened.
        }
        finally
        {
            _slots.TryRemove(KeyValuePair.Create(userId, slot));
            slot.SetGone();
        }
    }

    /// <summary>Evicts one user's stream at once, if it is loaded and unused.</summary>
    public async ValueTask EvictIfIdleAsync(string userId)
    {
        if (log.Trouble is null
            && _slots.TryGetValue(userId, out var slot)
            && slot.Stream.IsCompletedSuccessfully
            && slot.LoadedStream.IsIdle(out var since)
            && slot.LoadedStream.TryEvict(since)
            && await ReleaseAsync((userId, slot, since)) is { } fault)
        {
            throw new AggregateException("The lease of an idle stream could not be given back.", fault);
        }
    }

    private async ValueTask<UserStream> PinAsync(string userId, RunKey? run, CancellationToken cancellationToken)
    {
        while (true)
        {
            var slot = _slots.GetOrAdd(
                userId, static (id, of) => new StreamSlot(slot => of.self.OpenAsync(id, of.run, slot)), (self: this, run));
            var stream = await slot.Stream.WaitAsync(cancellationToken);
            if (stream.Pins.TryAdd())
            {
                return stream;
            }

            // Evicted between the look-up and the pin: the slot goes as soon as the lease is back.
            await slot.Gone.WaitAsync(cancellationToken);
        }
    }

    // The unused ones, the one unused longest first.
    private List<(string UserId, StreamSlot Slot, long Since)> CollectIdle()
    {
        var idle = new List<(string UserId, StreamSlot Slot, long Since)>();
        foreach (var (userId, slot) in _slots)
        {
            if (!slot.Stream.IsCompletedSuccessfully)
            {
                continue;
            }

            if (slot.LoadedStream.IsIdle(out var since))
            {
                idle.Add((userId, slot, since));
            }
        }

        idle.Sort(static (left, right) => left.Since.CompareTo(right.Since));
        return idle;
    }

    private async Task<Exception?> ReleaseAsync((string UserId, StreamSlot Slot, long Since) evicted)
    {
        try
        {
            // Not cancelled half-way: acknowledgements that are not stored yet are known nowhere else.
            await evicted.Slot.LoadedStream.ReleaseAsync(CancellationToken.None);
            return null;
        }
        catch (Exception exception)
        {
            return exception;
        }
        finally
        {
            _slots.TryRemove(KeyValuePair.Create(evicted.UserId, evicted.Slot));
            evicted.Slot.SetGone();
        }
    }

    private async Task<UserStream> OpenAsync(string userId, RunKey? run, StreamSlot slot)
    {
        try
        {
            if (_erasing.ContainsKey(userId))
            {
                throw SendFailureException.ErasureUnderWay(new FailureScope("open"));
            }

            return await UserStream.OpenAsync(_services, userId, run, CancellationToken.None);
        }
        catch
        {
            // All callers that wait for this load get its exception; the next caller loads again, even if no caller waits any more, and
            // however the load ended.
            _slots.TryRemove(KeyValuePair.Create(userId, slot));
            throw;
        }
    }
}

/// <summary>A place in the registry: one load, shared by all callers, and a signal when it is free again.</summary>
internal sealed class StreamSlot
{
    private readonly Lazy<Task<UserStream>> _stream;
    private readonly TaskCompletionSource _gone = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <param name="open">Loads the stream; called once, with this place.</param>
    public StreamSlot(Func<StreamSlot, Task<UserStream>> open) => _stream = new Lazy<Task<UserStream>>(() => open(this));

    public Task<UserStream> Stream => _stream.Value;

    public Task Gone => _gone.Task;

    /// <summary>The stream, once <see cref="Stream"/> has completed.</summary>
    public UserStream LoadedStream => Stream.GetAwaiter().GetResult();

    public void SetGone() => _gone.TrySetResult();
}

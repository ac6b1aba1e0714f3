using System.Collections.Concurrent;
using Microsoft.Extensions.Options;
using Netra.Pipeline.Log;
using Netra.Pipeline.Monitoring.Figures;
using Netra.Pipeline.Telemetry;

namespace Netra.Pipeline.Streams;

/// <summary>
/// The loaded streams, by user. Safe to use from any thread. A stream is loaded by whoever needs it first, and evicted by the tick when nobody does any more.
/// </summary>
internal sealed class StreamRegistry(IEventLog log, IOptions<StreamOptions> options, WindowBudget budget, FiguresRegistry figures, TimeProvider time)
{
    private readonly StreamServices _services = new(log, options.Value, budget, figures, time);
    private readonly ConcurrentDictionary<string, StreamSlot> _slots = new(StringComparer.Ordinal);

    public int Count => _slots.Count;

    /// <summary>Counts what passes the streams, for metrics.</summary>
    public EventCounters Counters => _services.Counters;

    public string Epoch => log.Epoch;

    /// <summary>Loads a user's stream and keeps it loaded until <see cref="UserStream.Unpin"/>.</summary>
    public async ValueTask<UserStream> PinAsync(string userId, CancellationToken cancellationToken)
    {
        while (true)
        {
            var slot = _slots.GetOrAdd(userId, static (id, self) => new StreamSlot(slot => self.OpenAsync(id, slot)), this);
            var stream = await slot.Stream.WaitAsync(cancellationToken);
            if (stream.TryPin())
            {
                return stream;
            }

            // Evicted between the look-up and the pin: the slot goes as soon as the lease is back.
            await slot.Gone.WaitAsync(cancellationToken);
        }
    }

    /// <summary>The stream of a user, if it is loaded.</summary>
    public bool TryGetLoaded(string userId, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out UserStream? stream)
    {
        stream = _slots.TryGetValue(userId, out var slot) && slot.Stream.IsCompletedSuccessfully ? slot.LoadedStream : null;
        return stream is not null;
    }

    /// <summary>Evicts the streams that nobody needs, and trims windows while their budget is exceeded.</summary>
    /// <exception cref="AggregateException">Leases could not be given back. All other streams have been looked after.</exception>
    public async ValueTask EvictIdleAsync(CancellationToken cancellationToken)
    {
        List<Exception>? failures = null;
        foreach (var (userId, slot) in _slots)
        {
            if (cancellationToken.IsCancellationRequested)
            {
                break;
            }

            if (!slot.Stream.IsCompletedSuccessfully)
            {
                continue;
            }

            var stream = slot.LoadedStream;
            if (budget.IsExceeded)
            {
                stream.TrimWindow();
            }

            if (!stream.TryEvict())
            {
                continue;
            }

            try
            {
                // Not cancelled half-way: what is acknowledged is known nowhere else any more.
                await stream.ReleaseAsync(CancellationToken.None);
            }
            catch (Exception exception)
            {
                (failures ??= []).Add(exception);
            }
            finally
            {
                _slots.TryRemove(KeyValuePair.Create(userId, slot));
                slot.SetGone();
            }
        }

        if (failures is not null)
        {
            throw new AggregateException("Leases of idle streams could not be given back; what was acknowledged last is not known to the log.", failures);
        }
    }

    /// <summary>The streams that are loaded at the moment.</summary>
    public IEnumerable<UserStream> Loaded => _slots.Where(static entry => entry.Value.Stream.IsCompletedSuccessfully).Select(static entry => entry.Value.LoadedStream);

    /// <summary>Ends all streams, whoever still holds them, once the log has stored what it has in hand. The pipeline has stopped.</summary>
    /// <exception cref="AggregateException">Some streams could not be given back: after the next start they go on above skipped numbers.</exception>
    public async ValueTask CloseAllAsync(CancellationToken cancellationToken)
    {
        var failures = new List<Exception>();
        foreach (var (userId, slot) in _slots)
        {
            try
            {
                var stream = await slot.Stream.WaitAsync(cancellationToken);
                if (await stream.CloseAsync(cancellationToken))
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
            throw new AggregateException("Streams could not be given back; after the next start they go on above skipped numbers.", failures);
        }
    }

    private async Task<UserStream> OpenAsync(string userId, StreamSlot slot)
    {
        try
        {
            return await UserStream.OpenAsync(_services, userId, CancellationToken.None);
        }
        catch
        {
            // Everybody who waits for this try gets its exception; the next one to ask tries again, whether or not anybody still waited, and however the try ended.
            _slots.TryRemove(KeyValuePair.Create(userId, slot));
            throw;
        }
    }
}

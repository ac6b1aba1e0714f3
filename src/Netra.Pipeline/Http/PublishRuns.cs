using Netra.Pipeline.Contexts;
using Netra.Pipeline.Emission;

namespace Netra.Pipeline.Http;

/// <summary>
/// The emitters of the runs that one request publishes to: opened at a run's first event, kept for the next ones, closed with the request. Bounded: the run that was used longest ago makes
/// room for a new one, and is opened again when it comes back. Not thread-safe; the request's reading loop owns it.
/// </summary>
internal sealed class PublishRuns(UserExecutionContextFactory contexts, EventEmitterFactory emitters, PublishSource source, TimeSpan brokenLease, TimeProvider time) : IAsyncDisposable
{
    // One backend rarely has more runs open on one request; each keeps a user's stream loaded.
    private const int MaxRuns = 64;

    // One stalled tab must not fail a backend's event, and a second try would make a second event: the receipt says "lagging", and the failure is reported.
    private static readonly EmitterOptions Options = new() { Overflow = OverflowBehavior.Report };

    private readonly Dictionary<PublishTarget, (EventEmitter Emitter, long Used)> _open = [];
    private EventEmitter? _last;
    private long _uses;

    /// <summary>The request.</summary>
    public PublishSource Source => source;

    /// <summary>Whether the request was read to its end: its runs go on by themselves then.</summary>
    public bool IsComplete { get; set; }

    /// <summary>Where the last event went; null before the first.</summary>
    public PublishTarget? LastTarget { get; private set; }

    /// <summary>The emitter of a run that is open already.</summary>
    public EventEmitter? Find(PublishTarget target)
    {
        if (ReferenceEquals(target, LastTarget))
        {
            return _last;
        }

        if (!_open.TryGetValue(target, out var run))
        {
            return null;
        }

        Use(target, run.Emitter);
        return run.Emitter;
    }

    /// <summary>The context of a run that is not open yet.</summary>
    /// <exception cref="Failures.ContextValidationException">The ids are not valid. That has been reported.</exception>
    public UserExecutionContext CreateContext(PublishTarget target) => contexts.Create(
        target.UserId,
        target.ThreadId,
        target.RunId,
        source.RequestId,
        TraceContext.TryCreate(target.TraceParent, target.TraceState, out var own) ? own : source.Trace);

    /// <summary>Opens a run.</summary>
    public async ValueTask<EventEmitter> OpenAsync(PublishTarget target, UserExecutionContext context, CancellationToken cancellationToken)
    {
        var emitter = await emitters.CreateEmitterAsync(context, Options, cancellationToken);
        if (_open.Count >= MaxRuns)
        {
            var oldest = _open.MinBy(static run => run.Value.Used);
            _open.Remove(oldest.Key);
            await CloseAsync(oldest.Value.Emitter);
        }

        if (!source.IsUrgent)
        {
            // As long as the request is open, whoever feeds the run is there.
            Interlocked.Increment(ref emitter.Flow.Renewers);
        }

        Use(target, emitter);
        return emitter;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var (emitter, _) in _open.Values)
        {
            await CloseAsync(emitter);
        }

        _open.Clear();
    }

    private ValueTask CloseAsync(EventEmitter emitter)
    {
        if (!source.IsUrgent)
        {
            Interlocked.Decrement(ref emitter.Flow.Renewers);
            if (!IsComplete)
            {
                emitter.Flow.Shorten(time.GetUtcNow().UtcTicks, brokenLease.Ticks);
            }
        }

        return emitter.DisposeAsync();
    }

    private void Use(PublishTarget target, EventEmitter emitter)
    {
        _open[target] = (emitter, ++_uses);
        (LastTarget, _last) = (target, emitter);
    }
}

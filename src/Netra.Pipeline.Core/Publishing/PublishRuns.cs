using Netra.Pipeline.Contexts;
using Netra.Pipeline.Diagnostics;
using Netra.Pipeline.Emission;
using Netra.Pipeline.Runs;

namespace Netra.Pipeline.Publishing;

/// <summary>
/// The runs that one request publishes to. Their emitters are opened at a run's first event, kept for the next ones, and closed with the
/// request; bounded: the one that was used longest ago makes room for a new one, and is opened again when its run comes back. What a
/// request renews by being open does not hang on that. Not thread-safe; the request's reading loop owns it.
/// </summary>
internal sealed class PublishRuns(
    UserExecutionContextFactory contexts, EventEmitterFactory emitters, RunRegistry registry, PublishSource source) : IAsyncDisposable
{
    // Each keeps a user's stream loaded, and opening one again waits for the log.
    private const int MaxEmitters = 1024;

    // One stalled tab must not fail a backend's event, and a second try would make a second event: the receipt says "lagging", and the
    // failure is reported.
    private static readonly EmitterOptions Options = new() { Overflow = OverflowBehavior.Report };

    private readonly Dictionary<PublishTarget, LinkedListNode<(PublishTarget Target, EventEmitter Emitter)>> _open = [];

    // The one that was used last is the first.
    private readonly LinkedList<(PublishTarget Target, EventEmitter Emitter)> _used = [];
    private readonly RequestRuns _renewed = new(registry);
    private EventEmitter? _last;

    /// <summary>The request.</summary>
    public PublishSource Source => source;

    /// <summary>Whether the request has come to its end, or the server has ended it: its runs go on by themselves then.</summary>
    public bool IsComplete { get; set; }

    /// <summary>Where the last event went; null before the first.</summary>
    public PublishTarget? LastTarget { get; private set; }

    /// <summary>Whether one of its runs has begun and has not ended.</summary>
    public bool HasOpenRun => _renewed.HasOpenRun || _used.Any(static run => run.Emitter.Life is { HasBegun: true, HasEnded: false });

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

        _used.Remove(run);
        _used.AddFirst(run);
        (LastTarget, _last) = (target, run.Value.Emitter);
        return _last;
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
        // It was heard of now, and not when the log has found its stream.
        registry.Hear(RunKey.Of(context));
        var emitter = await emitters.CreateEmitterAsync(context, Options, cancellationToken);
        if (_open.Count >= MaxEmitters)
        {
            var oldest = _used.Last!;
            _used.RemoveLast();
            _open.Remove(oldest.Value.Target);
            await oldest.Value.Emitter.DisposeAsync();
        }

        // As long as the request is open, whoever feeds the run is there; so is who waits for a slow disk to store a single event.
        _renewed.Add(emitter.Life);
        _open[target] = _used.AddFirst((target, emitter));
        (LastTarget, _last) = (target, emitter);
        return emitter;
    }

    public async ValueTask DisposeAsync()
    {
        _renewed.End(isBroken: !IsComplete && !source.IsUrgent);
        foreach (var (_, emitter) in _used)
        {
            await emitter.DisposeAsync();
        }

        _open.Clear();
        _used.Clear();
    }
}

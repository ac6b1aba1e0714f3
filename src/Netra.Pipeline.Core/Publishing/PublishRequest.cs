using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;
using Netra.Pipeline.Access;
using Netra.Pipeline.Contexts;
using Netra.Pipeline.Diagnostics;
using Netra.Pipeline.Emission;
using Netra.Pipeline.Events;
using Netra.Pipeline.Failures;
using Netra.Pipeline.Runs;

namespace Netra.Pipeline.Publishing;

/// <summary>
/// One request that publishes: who sends it, and the runs that it publishes to. Their emitters are opened at a run's first event, kept for
/// the next ones, and closed with the request; bounded: the one that was used longest ago makes room for a new one, and is opened again
/// when its run comes back. What a request renews by being open does not hang on that. Not thread-safe; the request's reading loop owns it.
/// </summary>
internal sealed class PublishRequest : IAsyncDisposable
{
    /// <summary>The header that carries the key of a single event.</summary>
    public const string KeyHeader = "Idempotency-Key";

    // Each keeps a user's stream loaded, and opening one again waits for the log.
    private const int MaxEmitters = 1024;

    private const int MaxKeyBytes = 256;

    // One stalled connection must not fail a publisher's event, and a second try would make a second event: the receipt says "lagging",
    // and the failure is reported.
    internal static readonly EmitterOptions Options = new() { Overflow = OverflowBehavior.Report };

    private readonly UserExecutionContextFactory _contexts;
    private readonly EventEmitterFactory _emitters;
    private readonly RunRegistry _registry;
    private readonly string _requestId;
    private readonly TraceContext? _trace;
    private readonly StringValues _headerKey;
    private readonly Dictionary<PublishTarget, LinkedListNode<(PublishTarget Target, EventEmitter Emitter)>> _open = [];

    // Most recently used first.
    private readonly LinkedList<(PublishTarget Target, EventEmitter Emitter)> _used = [];
    private readonly RequestRuns _renewed;
    private readonly EmitterOptions _ofRuns;
    private EventEmitter? _last;
    private bool _hasUnwatched;

    /// <param name="contexts">Makes the contexts of runs.</param>
    /// <param name="emitters">Makes their emitters.</param>
    /// <param name="registry">Hears of them.</param>
    /// <param name="http">The request.</param>
    /// <param name="self">Who its runs are told that it is.</param>
    /// <param name="isUrgent">Whether its publisher waits for each event to be stored.</param>
    public PublishRequest(
        UserExecutionContextFactory contexts,
        EventEmitterFactory emitters,
        RunRegistry registry,
        HttpContext http,
        RunPublisher self,
        bool isUrgent)
    {
        var headers = http.Request.Headers;
        (_contexts, _emitters, _registry, _renewed) = (contexts, emitters, registry, new RequestRuns(registry));
        Caller = Caller.Of(http);
        (_requestId, _headerKey, Publisher, IsUrgent) = (http.TraceIdentifier, headers[KeyHeader], self.Id, isUrgent);
        _ofRuns = Options with { Request = self };
        TraceContext.TryCreate(headers.TraceParent, headers.TraceState, out _trace);
    }

    /// <summary>Whose idempotency keys are meant; empty for everybody who has not been authenticated.</summary>
    public string Publisher { get; }

    /// <summary>Who sends it, and for whom it may.</summary>
    public Caller Caller { get; }

    /// <summary>Whether the publisher waits for each event to be stored.</summary>
    public bool IsUrgent { get; }

    /// <summary>Whether the request has come to its end, or the server has ended it: its runs go on by themselves then.</summary>
    public bool IsComplete { get; set; }

    /// <summary>Where the last event went; null before the first.</summary>
    public PublishTarget? LastTarget { get; private set; }

    /// <summary>Whether one of its runs has begun and has not ended.</summary>
    public bool HasOpenRun => _renewed.HasOpenRun || _used.Any(static run => run.Emitter.Life is { HasBegun: true, HasEnded: false });

    /// <summary>The key under which an event is published (docs/protocol.md, section 9.2): from its member, or from the header.</summary>
    /// <param name="member">What its member says; null where it has none.</param>
    /// <param name="scope">Whose event it is, for the failure.</param>
    /// <returns>The key; null when it has none.</returns>
    /// <exception cref="SendFailureException">It is not valid, or the two do not agree (<c>invalid_event</c>).</exception>
    public string? KeyOf(string? member, in FailureScope scope)
    {
        var key = member;
        if (_headerKey.Count > 0)
        {
            var header = _headerKey.Count == 1 ? _headerKey[0] : null;
            if (header is null || (key is not null && key != header))
            {
                throw SendFailureException.InvalidEvent(scope, KeyHeader, "must occur once, and agree with idempotency_key");
            }

            key = header;
        }

        return key is null || Encoding.UTF8.GetByteCount(key) is > 0 and <= MaxKeyBytes
            ? key
            : throw SendFailureException.InvalidEvent(scope, "idempotency_key", $"must have 1 to {MaxKeyBytes} bytes of UTF-8");
    }

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
    /// <exception cref="ContextValidationException">The ids are not valid. That has been reported.</exception>
    public UserExecutionContext CreateContext(PublishTarget target) => _contexts.Create(
        target.UserId,
        target.ThreadId,
        target.RunId,
        _requestId,
        TraceContext.TryCreate(target.TraceParent, target.TraceState, out var own) ? own : _trace,
        target.TenantId);

    /// <summary>The context of a thread, for what belongs to no run.</summary>
    /// <exception cref="ContextValidationException">The ids are not valid. That has been reported.</exception>
    public UserExecutionContext CreateThreadContext(PublishTarget target) => _contexts.CreateForThread(
        target.UserId,
        target.ThreadId,
        _requestId,
        TraceContext.TryCreate(target.TraceParent, target.TraceState, out var own) ? own : _trace,
        target.TenantId);

    /// <summary>Opens a run.</summary>
    public async ValueTask<EventEmitter> OpenAsync(PublishTarget target, UserExecutionContext context, CancellationToken cancellationToken)
    {
        var publisher = AttemptOf(RunKey.Of(context));

        // It was heard of now, and not only when the log has loaded its stream.
        _registry.Hear(RunKey.Of(context), target.Attempt ?? publisher?.Value);
        var options = target.Attempt is null && publisher is null
            ? _ofRuns
            : _ofRuns with { Attempt = target.Attempt, Publisher = publisher };
        var emitter = await _emitters.CreateEmitterAsync(context, options, cancellationToken);
        if (_open.Count >= MaxEmitters)
        {
            var oldest = _used.Last!;
            _used.RemoveLast();
            _open.Remove(oldest.Value.Target);
            await oldest.Value.Emitter.DisposeAsync();
        }

        // An open request renews its runs, also one with a single event that waits for a slow disk.
        _hasUnwatched |= !_renewed.Add(emitter.Life, emitter.Publisher);
        _open[target] = _used.AddFirst((target, emitter));
        (LastTarget, _last) = (target, emitter);
        return emitter;
    }

    // A run may have several emitters, such as one for each trace, and all of them are at one attempt.
    private PublisherAttempt? AttemptOf(RunKey key) => _renewed.AttemptOf(key) ?? (_hasUnwatched
        ? _used.Select(static run => run.Emitter).FirstOrDefault(emitter => RunKey.Of(emitter.Context) == key)?.Publisher
        : null);

    public async ValueTask DisposeAsync()
    {
        _renewed.End(isBroken: !IsComplete && !IsUrgent);
        foreach (var (_, emitter) in _used)
        {
            await emitter.DisposeAsync();
        }

        _open.Clear();
        _used.Clear();
    }
}

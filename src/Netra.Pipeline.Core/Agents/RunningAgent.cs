using System.Diagnostics;
using System.Text;
using Microsoft.Extensions.Logging;
using Netra.Pipeline.Contexts;
using Netra.Pipeline.Diagnostics;
using Netra.Pipeline.Emission;
using Netra.Pipeline.Failures;

namespace Netra.Pipeline.Agents;

/// <summary>
/// One run: drives the agent's enumerator, streams what it yields, and makes sure that a run whose start was emitted ends with exactly one
/// terminal event, whichever way it ends. An enumerator by hand, since an iterator method cannot yield from a try block that has a catch.
/// </summary>
/// <remarks>
/// Enumerated once, by one consumer, as every <see cref="IAsyncEnumerator{T}"/>; only the cancellation is reached from other threads.
/// </remarks>
internal sealed partial class RunningAgent : IAsyncEnumerable<string>, IAsyncEnumerator<string>
{
    private readonly RunServices _services;
    private readonly RunCancellation _cancellation;
    private readonly CancellationToken _callerToken;
    private RunRequest _request;
    private CancellationToken _consumerToken;
    private int _enumerated;
    private RunPhase _phase;
    private IDisposable? _admission;
    private RunScope? _run;
    private RunEvents? _events;
    private IAsyncEnumerator<string>? _pieces;
    private Activity? _span;
    private IDisposable? _logScope;
    private ExecutionContext? _flow;

    public RunningAgent(RunServices services, RunRequest request, CancellationToken callerToken)
    {
        _services = services;
        _request = request;
        _cancellation = new RunCancellation(
            failure => services.Failures.Report(failure, FailureCode.AgentFailed, request.Scope, "a cancellation callback"));
        _callerToken = callerToken;
    }

    public string Current { get; private set; } = string.Empty;

    public RunCancellation Cancellation => _cancellation;

    /// <summary>Takes a place among the open runs. <see cref="MoveNextAsync"/> does it unless it was done before.</summary>
    public void Open()
    {
        // A delegated run is a part of its parent's: draining lets open runs end, and refusing their delegations would fail them.
        var admission = _request.Parent is null ? _services.Bridge.BeginRun(_request.Scope.Operation, _request.Context) : null;
        try
        {
            Watch();
            // A caller that gives up before anything has happened gets no run. From here on, events show its beginning and its end.
            _cancellation.Token.ThrowIfCancellationRequested();
            _services.OpenRuns.Add(_request.Context, _request.Agent.Name, _request.Scope, _cancellation);
        }
        catch
        {
            admission?.Dispose();
            throw;
        }

        _admission = admission;
        _phase = RunPhase.Open;
    }

    public IAsyncEnumerator<string> GetAsyncEnumerator(CancellationToken cancellationToken = default)
    {
        if (Interlocked.Exchange(ref _enumerated, 1) == 1)
        {
            throw new InvalidOperationException("A run is enumerated once; ask the runner for another run, with another run id.");
        }

        _consumerToken = cancellationToken;
        return this;
    }

    public async ValueTask<bool> MoveNextAsync()
    {
        if (_phase == RunPhase.Ended)
        {
            return false;
        }

        Exception? failure = null;
        try
        {
            if (_phase != RunPhase.Started)
            {
                await BeginAsync();
            }

            if (await NextAsync())
            {
                return true;
            }
        }
        catch (Exception e)
        {
            failure = e;
        }

        await EndAsync(failure);
        return false;
    }

    public async ValueTask DisposeAsync()
    {
        if (_phase == RunPhase.Ended)
        {
            return;
        }

        _cancellation.TryCancel("abandoned");
        try
        {
            await EndAsync(new OperationCanceledException(_cancellation.Token));
        }
        catch (OperationCanceledException)
        {
            // Expected of an abandoned run. Any other exception of its ending is raised.
        }
    }

    /// <summary>Runs to the end and puts the pieces together.</summary>
    public async Task<string> ToTextAsync()
    {
        var text = new StringBuilder();
        await foreach (var piece in this)
        {
            text.Append(piece);
        }

        return text.ToString();
    }

    /// <summary>Runs to the end.</summary>
    public async Task DrainAsync()
    {
        await foreach (var piece in this)
        {
            _ = piece;
        }
    }

    // Not in the constructor: a run that is never enumerated must leave nothing behind in tokens that live longer.
    private void Watch()
    {
        _cancellation.Watch("cancelled by the caller", _callerToken);
        _cancellation.Watch("cancelled by the caller", _consumerToken);
        _cancellation.Watch("the server stops", _services.Bridge.RunsCancelled);
        if (_request.Parent is { } parent)
        {
            var reason = $"run {parent.Context.RunId} of {parent.AgentName}, which delegated to this one, was cancelled or is over";
            _cancellation.Watch(reason, parent.Token);
        }
    }

    private async ValueTask BeginAsync()
    {
        if (_phase == RunPhase.New)
        {
            Open();
        }

        EnterFlow();
        var options = new EmitterOptions
        {
            Overflow = OverflowBehavior.Report,
            EmbeddedAgent = _request.Agent.Name,
            RoomTimeout = _services.Options.RoomTimeout,
            Input = _request.IsResumable ? ResumedInput.Write(_request) : null,
            Attempt = _request.Attempt > 1 ? _request.Attempt : null,
        };
        var emitter = await _services.Emitters.CreateEmitterAsync(_request.Context, options);
        emitter.Life.Stop = reason => _cancellation.TryCancel(reason);
        _run = new RunScope(_services, _request, emitter, _cancellation.Token) { Span = _span };
        _events = new RunEvents(_run);
        try
        {
            await _events.StartedAsync();
            _phase = RunPhase.Started;
        }
        catch (Exception failure) when (RunFailures.WasAccepted(failure))
        {
            // Pages may have seen it begin, so they must see its end.
            _phase = RunPhase.Started;
            throw;
        }

        Log.Started(_services.Logger, _request.Agent.Name, _request.Context.UserId, _request.Context.ThreadId, _request.Context.RunId);
        _pieces = _request.Agent.RunAsync(new AgentExecution(_run), _cancellation.Token).GetAsyncEnumerator(_cancellation.Token);
    }

    private async ValueTask<bool> NextAsync()
    {
        RestoreFlow();
        _cancellation.Token.ThrowIfCancellationRequested();
        if (!await _pieces!.MoveNextAsync())
        {
            await _events!.FlushAsync(_cancellation.Token);
            return false;
        }

        var piece = _pieces.Current ?? throw new InvalidOperationException($"Agent {_request.Agent.Name} yielded null instead of text.");
        await _events!.TokenAsync(piece, _cancellation.Token);
        Current = piece;
        return true;
    }

    // The run's span and its log scope flow with the execution context, but an enumerator is driven from outside: the caller that asks for
    // the next piece has a context of its own, and gets it back. So the run's context is kept, and entered again for each piece, which
    // costs nothing.
    private void EnterFlow()
    {
        _logScope = _services.Logger.BeginScope(LogScope.OfRun(_request.Agent.Name, _request.Context));
        _span = _services.Spans.InvokeAgent(_request.Agent.Name, _request.Context);
        if (_span is not null && TraceContext.OfCurrentActivity() is { } trace)
        {
            // What the run emits and delegates belongs to its span.
            _request = _request with { Context = _request.Context.Within(trace) };
        }

        _flow = ExecutionContext.Capture();
    }

    private void RestoreFlow()
    {
        if (_flow is not null)
        {
            ExecutionContext.Restore(_flow);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(
            EventIds.RunStarted, LogLevel.Debug,
            "Agent {Agent} started [user {UserId}, thread {ThreadId}, run {RunId}]", EventName = nameof(EventIds.RunStarted))]
        public static partial void Started(ILogger logger, string agent, string userId, string threadId, string runId);

        [LoggerMessage(
            EventIds.RunEnded,
            LogLevel.Information,
            "Agent {Agent} {Outcome} after {Milliseconds} ms with {Events} events, {TokensPerSecond} of text a second [user {UserId}, "
            + "thread {ThreadId}, run {RunId}, request {RequestId}]",
            EventName = nameof(EventIds.RunEnded))]
        public static partial void Ended(
            ILogger logger,
            string agent,
            string outcome,
            double milliseconds,
            long events,
            double tokensPerSecond,
            string userId,
            string threadId,
            string runId,
            string requestId);
    }
}

/// <summary>The phase of a run.</summary>
internal enum RunPhase
{
    /// <summary>Nothing has happened.</summary>
    New,

    /// <summary>It has its place among the open runs; no event of it has been emitted.</summary>
    Open,

    /// <summary><c>agent_started</c> has been accepted: a terminal event must follow.</summary>
    Started,

    /// <summary>It is over.</summary>
    Ended,
}

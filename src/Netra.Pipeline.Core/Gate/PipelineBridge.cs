using Netra.Pipeline.Contexts;
using Netra.Pipeline.Failures;

namespace Netra.Pipeline.Gate;

/// <summary>
/// The bridge between agents and connections: says what may be done in which state. It does nothing itself, so that everything may ask it.
/// </summary>
/// <remarks>
/// Safe to use from any thread. The lock guards transitions and the count of open runs; asking whether one may emit takes none.
/// </remarks>
public sealed class PipelineBridge : IDisposable
{
    private static readonly TimeSpan OpeningPatience = TimeSpan.FromSeconds(5);

    private readonly Lock _gate = new();
    private readonly CancellationTokenSource _runsCancelled = new();
    private readonly CancellationTokenSource _waitsEnded = new();
    private readonly CancellationTokenSource _draining = new();
    private readonly TaskCompletionSource _opened = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile int _state;
    private int _openRuns;
    private TaskCompletionSource? _noRuns;
    private string? _failure;
    private volatile bool _isHandingOver;
    private volatile bool _isOpening;
    private bool _isStopping;

    /// <summary>Where it stands.</summary>
    public BridgeState State => (BridgeState)_state;

    /// <summary>How many runs are open.</summary>
    public int OpenRuns
    {
        get
        {
            lock (_gate)
            {
                return _openRuns;
            }
        }
    }

    /// <summary>Why it failed; null unless <see cref="State"/> is <see cref="BridgeState.Failed"/>.</summary>
    public string? FailureReason
    {
        get
        {
            lock (_gate)
            {
                return _failure;
            }
        }
    }

    /// <summary>Fires when open runs have to end because the host stops and its patience is over.</summary>
    public CancellationToken RunsCancelled => _runsCancelled.Token;

    /// <summary>Fires when the host begins to stop.</summary>
    internal CancellationToken Draining => _draining.Token;

    /// <summary>
    /// Fires when nothing that is emitted may wait for room any more, since the host stops and the drain is over.
    /// </summary>
    internal CancellationToken WaitsEnded => _waitsEnded.Token;

    /// <summary>Opens a run; disposing the result ends it.</summary>
    /// <param name="operation">What is begun, for the failure's text.</param>
    /// <param name="context">Whose run it is.</param>
    /// <exception cref="NotInitializedException">The pipeline is not ready, or has stopped.</exception>
    /// <exception cref="BridgeUnavailableException">The pipeline has failed, or takes no new runs because it drains.</exception>
    public IDisposable BeginRun(string operation, UserExecutionContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        lock (_gate)
        {
            if (RefusesRunsOfAgents)
            {
                throw BridgeUnavailableException.Draining(context.ScopeOf(operation));
            }

            EnsureCanEmit(context.ScopeOf(operation), context.IsSystem);
            _openRuns++;
            return new OpenRun(this);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        // The other source outlives the bridge: emitters look at it afterwards, and it has neither timer nor handle.
        _runsCancelled.Dispose();
        EndWaits();
    }

    /// <summary>Whether no run of an agent may begin, since the process stops.</summary>
    internal bool RefusesRunsOfAgents => State == BridgeState.Draining || _isHandingOver;

    /// <summary>
    /// Whether no run may begin that is published from outside. Where another process takes over, such runs go on there.
    /// </summary>
    internal bool RefusesPublishedRuns => State == BridgeState.Draining && !_isHandingOver;

    internal bool CanEmit(bool isSystem) => State switch
    {
        BridgeState.Ready or BridgeState.Draining => true,
        BridgeState.Initializing => isSystem,
        BridgeState.NotInitialized or BridgeState.Stopped or BridgeState.Failed => false,
        _ => throw new InvalidOperationException($"State {State} is not mapped."),
    };

    internal void EnsureCanEmit(in FailureScope scope, bool isSystem)
    {
        if (!CanEmit(isSystem))
        {
            throw Refusal(scope);
        }
    }

    /// <summary>
    /// Whether a refusal says no more than that the pipeline starts: the caller is told when to try again, and nothing is wrong.
    /// </summary>
    internal bool IsOfTheStart(PipelineException refusal)
        => refusal is NotInitializedException && State is (BridgeState.Initializing or BridgeState.Ready);

    internal void EnsureConnectable(string userId)
    {
        var scope = new FailureScope("connect", userId);
        if (State == BridgeState.Draining)
        {
            throw BridgeUnavailableException.Draining(scope);
        }

        EnsureCanEmit(scope, IdentifierRules.IsReserved(userId));
    }

    internal void BeginInitializing() => Move(BridgeState.Initializing);

    /// <summary>All is ready but the listeners: they are bound one by one, and whoever comes meanwhile waits.</summary>
    internal void BeginOpening() => _isOpening = true;

    /// <summary>
    /// Completes when the host has started, or will not, or takes too long. Where one process takes over from another one, pages and
    /// publishers wait in the kernel's queue for its listeners: they come in the moment between those and <see cref="BecomeReady"/>, and
    /// are not to be refused.
    /// </summary>
    internal ValueTask WhenOpenAsync(TimeProvider time, CancellationToken cancellationToken)
        => _isOpening ? WaitForOpeningAsync(time, cancellationToken) : ValueTask.CompletedTask;

    internal void BecomeReady()
    {
        lock (_gate)
        {
            // A host that stops meanwhile stays stopping.
            if (State == BridgeState.Initializing)
            {
                _state = (int)BridgeState.Ready;
            }
        }

        EndOpening();
    }

    internal void Stop()
    {
        Move(BridgeState.Stopped);
        EndOpening();
        EndWaits();
    }

    internal void EndWaits() => _waitsEnded.Cancel();

    internal void Fail(string reason)
    {
        lock (_gate)
        {
            _failure = reason;
            _state = (int)BridgeState.Failed;
        }

        EndOpening();
    }

    /// <summary>Begins to initialize again what has failed; not when the host stops meanwhile.</summary>
    internal bool TryReinitialize()
    {
        lock (_gate)
        {
            if (State != BridgeState.Failed)
            {
                return false;
            }

            _state = (int)BridgeState.Initializing;
            return true;
        }
    }

    /// <summary>It has failed, unless the host stops: then that is no failure any more.</summary>
    internal void FailUnlessStopping(string reason)
    {
        lock (_gate)
        {
            if (State is BridgeState.Ready or BridgeState.Initializing)
            {
                (_failure, _state) = (reason, (int)BridgeState.Failed);
            }
        }
    }

    /// <summary>Takes no new runs until <see cref="TryEndDraining"/>; nothing that is open ends for it.</summary>
    /// <returns>Whether it served until now.</returns>
    internal bool TryBeginDraining()
    {
        lock (_gate)
        {
            if (State != BridgeState.Ready)
            {
                return false;
            }

            _state = (int)BridgeState.Draining;
            return true;
        }
    }

    /// <summary>Serves again, unless the host stops.</summary>
    /// <returns>Whether it drained until now.</returns>
    internal bool TryEndDraining()
    {
        lock (_gate)
        {
            if (State != BridgeState.Draining || _isStopping)
            {
                return false;
            }

            _state = (int)BridgeState.Ready;
            return true;
        }
    }

    /// <summary>
    /// Begins no runs of agents from here on, and does all else until <see cref="BeginDraining"/>: the host stops, and another process,
    /// which can do nothing before that, takes over.
    /// </summary>
    /// <inheritdoc cref="BeginDraining"/>
    internal Task BeginHandingOver()
    {
        _isHandingOver = true;
        return StopRuns(State);
    }

    /// <summary>Takes no new runs from here on: the host stops.</summary>
    /// <returns>Completes when no run is open any more.</returns>
    internal Task BeginDraining() => StopRuns(BridgeState.Draining);

    internal Task CancelRunsAsync() => _runsCancelled.CancelAsync();

    private Task StopRuns(BridgeState state)
    {
        Task ended;
        lock (_gate)
        {
            _isStopping = true;
            _state = (int)state;
            ended = _openRuns == 0
                ? Task.CompletedTask
                : (_noRuns ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
        }

        // Runs that wait for people are put aside: what this runs is the pipeline's own.
        _draining.Cancel();
        EndOpening();
        return ended;
    }

    private async ValueTask WaitForOpeningAsync(TimeProvider time, CancellationToken cancellationToken)
    {
        try
        {
            await _opened.Task.WaitAsync(OpeningPatience, time, cancellationToken);
        }
        catch (TimeoutException)
        {
            // Something else holds the host's start, and may itself wait for an answer: it is refused as before the start.
        }
    }

    private void EndOpening()
    {
        _isOpening = false;
        _opened.TrySetResult();
    }

    private PipelineException Refusal(in FailureScope scope) => State == BridgeState.Failed
        ? BridgeUnavailableException.Failed(scope, FailureReason ?? "unknown")
        : new NotInitializedException(scope, State.ToString());

    private void Move(BridgeState state)
    {
        lock (_gate)
        {
            _state = (int)state;
        }
    }

    private void EndRun()
    {
        lock (_gate)
        {
            if (--_openRuns == 0)
            {
                _noRuns?.TrySetResult();
            }
        }
    }

    private sealed class OpenRun(PipelineBridge bridge) : IDisposable
    {
        private int _ended;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _ended, 1) == 0)
            {
                bridge.EndRun();
            }
        }
    }
}

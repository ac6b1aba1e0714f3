using System.Runtime.ExceptionServices;
using Netra.Pipeline.Emission;
using Netra.Pipeline.Failures;

namespace Netra.Pipeline.Agents;

// How a run ends. Every way out of the enumeration leads through EndAsync, once.
internal sealed partial class RunningAgent
{
    private async ValueTask EndAsync(Exception? failure)
    {
        RestoreFlow();
        var started = _phase == RunPhase.Started;
        _phase = RunPhase.Ended;
        failure = await StopAgentAsync(failure);
        if (_run is { IsSuspended: true })
        {
            _cancellation.TryCancel("the process stops while the run waits; another one goes on when the answer comes");
        }

        var cancelled = !_cancellation.TryClose();
        await StopLeftoversAsync();
        failure = Explain(failure, cancelled);
        if (failure is not null and not OperationCanceledException)
        {
            _services.Failures.Report(failure, FailureCode.AgentFailed, _request.Scope, $"agent {_request.Agent.Name}");
        }

        if (started && _run is not { IsSuspended: true })
        {
            failure = await SayTerminalAsync(failure);
        }

        failure = await LeaveAsync(failure);
        // The last log line names everything itself, and an exporter must not get one name twice.
        _logScope?.Dispose();
        if (started)
        {
            TellEnd(failure);
        }

        EndSpan(failure);
        if (failure is not null)
        {
            ExceptionDispatchInfo.Throw(failure);
        }
    }

    // The agent's own finally blocks run here, before the terminal event: they may still emit events.
    private async ValueTask<Exception?> StopAgentAsync(Exception? failure)
    {
        if (_pieces is null)
        {
            return failure;
        }

        try
        {
            await _pieces.DisposeAsync();
            return failure;
        }
        catch (Exception e) when (e is OperationCanceledException && failure is not null)
        {
            return failure;
        }
        catch (Exception e)
        {
            // A cancelled run whose agent fails while cleaning up has failed: the cancellation alone would hide that.
            return failure is OperationCanceledException ? e : RunFailures.Join(failure, e);
        }
    }

    private async ValueTask StopLeftoversAsync()
    {
        _cancellation.StopLeftovers();
        if (_run is null || _run.OpenWork.IsEmpty || await _run.OpenWork.WaitAsync(_services.Options.LeftoverTimeout, _services.Time))
        {
            return;
        }

        var left = string.Join(", ", _run.OpenWork.Names);
        var message = $"{_request.Scope.Operation}: agent {_request.Agent.Name} has ended and {left} was cancelled, "
            + $"but went on for {_services.Options.LeftoverTimeout}";
        _services.Failures.Report(Failure.In(FailureCode.ToolFailed, _request.Scope, message));
    }

    private Exception? Explain(Exception? failure, bool cancelled)
    {
        if (cancelled && failure is null or OperationCanceledException)
        {
            var why = $"The run of {_request.Agent.Name} was cancelled: {_cancellation.Reason}";
            return new OperationCanceledException(why, failure, _cancellation.Token);
        }

        // To the caller it would look like the caller's own cancellation; most of the time it is the timeout of an HTTP client.
        return failure is OperationCanceledException
            ? new InvalidOperationException(
                $"Agent {_request.Agent.Name} was cancelled although nobody had cancelled its run: {failure.Message}", failure)
            : failure;
    }

    private async ValueTask<Exception?> SayTerminalAsync(Exception? failure)
    {
        if (_run!.Emitter.HasEnded)
        {
            // The server has ended the run, since it was silent for too long: the one terminal event is published.
            return failure;
        }

        try
        {
            await (failure switch
            {
                null => _events!.CompletedAsync(),
                OperationCanceledException => _events!.CancelledAsync(_cancellation.Reason),
                _ => _events!.FailedAsync(failure),
            });
            return failure;
        }
        catch (Exception refused)
        {
            _services.Failures.Report(refused, FailureCode.SendFailed, _request.Scope, "the terminal event");
            return RunFailures.Join(failure, refused);
        }
    }

    private async ValueTask<Exception?> LeaveAsync(Exception? failure)
    {
        try
        {
            if (_run is not null)
            {
                await _run.Emitter.DisposeAsync();
            }
        }
        catch (Exception e)
        {
            _services.Failures.Report(e, FailureCode.BackgroundFailed, _request.Scope, "the emitter's disposal");
            failure = RunFailures.Join(failure, e);
        }

        _services.OpenRuns.Remove(_request.Context, _cancellation);
        _admission?.Dispose();
        _cancellation.Dispose();
        return failure;
    }

    private void TellEnd(Exception? failure)
    {
        var (agent, context, duration) = (_request.Agent.Name, _request.Context, _events!.Duration);
        if (!context.IsSystem)
        {
            _services.Metrics.RunEnded(agent, duration, OutcomeOf(failure), ErrorTypeOf(failure));
        }

        var pace = duration > TimeSpan.Zero ? Math.Round(_events.Tokens / duration.TotalSeconds, 1) : 0;
        Log.Ended(
            _services.Logger,
            agent,
            OutcomeOf(failure),
            duration.TotalMilliseconds,
            _run!.Emitter.EventsOfRun,
            pace,
            context.UserId,
            context.ThreadId,
            context.RunId,
            context.RequestId);
    }

    private void EndSpan(Exception? failure)
    {
        _span?.SetTag("netra.outcome", OutcomeOf(failure));
        if (ErrorTypeOf(failure) is { } errorType)
        {
            PipelineSpans.Fail(_span, errorType, failure!.Message);
        }

        _span?.Dispose();
    }

    private static string OutcomeOf(Exception? failure)
        => failure switch { null => "completed", OperationCanceledException => "cancelled", _ => "failed" };

    private static string? ErrorTypeOf(Exception? failure)
        => failure is null or OperationCanceledException ? null : RunFailures.ToError(failure, FailureCode.AgentFailed).Code;
}

using System.Diagnostics;
using System.Runtime.ExceptionServices;
using System.Text.Json.Nodes;
using Netra.Pipeline.Contexts;
using Netra.Pipeline.Emission;
using Netra.Pipeline.Failures;

namespace Netra.Pipeline.Agents;

/// <summary>One call of a tool between its two events. Used once.</summary>
internal sealed class ToolCall(RunScope run, ITool tool, ToolInvocation invocation, FailureScope scope)
{
    public async Task<JsonNode?> InvokeAsync(CancellationToken cancellationToken)
    {
        // Emitting does not check the token, and a tool must not start for a run that is cancelled.
        cancellationToken.ThrowIfCancellationRequested();
        using var logScope = run.Services.Logger.BeginScope(LogScope.OfTool(invocation.ToolName, invocation.CallId));
        using var span = run.Services.Spans.ExecuteTool(run.Span, invocation.ToolName, invocation.CallId, invocation.Context);
        await AnnounceAsync(span, cancellationToken);
        var started = run.Services.Time.GetTimestamp();
        JsonNode? result;
        try
        {
            result = await tool.InvokeAsync(invocation, cancellationToken);
        }
        catch (OperationCanceledException) when (run.IsSuspended)
        {
            Measure(Since(started), span, failure: null);
            throw;
        }
        catch (OperationCanceledException cancelled) when (cancellationToken.IsCancellationRequested)
        {
            Measure(Since(started), span, failure: null);
            await CloseAsync(ToolOutcome.Cancelled(Since(started)), cancelled);
            throw;
        }
        catch (Exception failure)
        {
            var told = Explain(failure);
            Measure(Since(started), span, told);
            await FailAsync(told, Since(started));
            if (ReferenceEquals(told, failure))
            {
                throw;
            }

            throw told;
        }

        Measure(Since(started), span, failure: null);
        await SucceedAsync(result, Since(started));
        return result;
    }

    private async Task AnnounceAsync(Activity? span, CancellationToken cancellationToken)
    {
        try
        {
            await run.Emitter.ToolExecutingAsync(
                invocation.ToolName, invocation.CallId, invocation.Arguments, cancellationToken: cancellationToken);
        }
        catch (Exception failure) when (failure is not OperationCanceledException)
        {
            // Arguments that are not JSON (a NaN) raise an exception that is not the pipeline's; the tool does not start either way.
            run.Services.Failures.Report(failure, FailureCode.ToolFailed, scope, $"announcing tool {invocation.ToolName}");
            PipelineSpans.Fail(span, RunFailures.ToError(failure, FailureCode.ToolFailed).Code, failure.Message);
            throw;
        }
    }

    private async Task SucceedAsync(JsonNode? result, TimeSpan duration)
    {
        try
        {
            await SayAsync(ToolOutcome.Ok(result, duration));
        }
        catch (BufferOverflowException tooLarge) when (tooLarge.Code == FailureCode.EventTooLarge)
        {
            // The tool has done its work and the run goes on; but every tool_executing needs its tool_completed.
            run.Services.Failures.Report(tooLarge);
            await SayAsync(ToolOutcome.Ok(TooLarge(tooLarge), duration));
        }
        catch (Exception unfit) when (unfit is not PipelineException || unfit is PipelineException { Code: FailureCode.InvalidEvent })
        {
            // The result is not JSON (a NaN, an object that cannot be written). The call failed, and that can be emitted.
            await FailAsync(unfit, duration);
            throw;
        }
    }

    private async Task FailAsync(Exception failure, TimeSpan duration)
    {
        run.Services.Failures.Report(failure, FailureCode.ToolFailed, scope, $"tool {invocation.ToolName}");
        await CloseAsync(ToolOutcome.Failed(RunFailures.ToError(failure, FailureCode.ToolFailed), duration), failure);
    }

    // Emits how a call that did not succeed ended; when that fails too, both exceptions are raised.
    private async Task CloseAsync(ToolOutcome outcome, Exception why)
    {
        try
        {
            await SayAsync(outcome);
        }
        catch (Exception refused)
        {
            run.Services.Failures.Report(refused, FailureCode.SendFailed, scope, "tool_completed");
            ExceptionDispatchInfo.Throw(RunFailures.Join(why, refused));
        }
    }

    // Without the run's token: the end of a call is emitted also, and above all, when it was cancelled.
    private async Task SayAsync(ToolOutcome outcome)
        => await run.Emitter.ToolCompletedAsync(invocation.ToolName, outcome, invocation.CallId);

    // To the agent it would look like the run's cancellation; most of the time it is the timeout of an HTTP client.
    private Exception Explain(Exception failure) => failure is OperationCanceledException
        ? new InvalidOperationException(
            $"Tool {invocation.ToolName} was cancelled although nobody had cancelled the call: {failure.Message}", failure)
        : failure;

    private static JsonObject TooLarge(BufferOverflowException tooLarge) => new()
    {
        ["error"] = new JsonObject
        {
            ["code"] = "result_too_large",
            ["message"] = $"The result is not shown: its event would have {tooLarge.Size} bytes, and the limit is {tooLarge.Limit}. "
                + "The agent has got it in full.",
        },
    };

    private void Measure(TimeSpan duration, Activity? span, Exception? failure)
    {
        var errorType = failure is null ? null : RunFailures.ToError(failure, FailureCode.ToolFailed).Code;
        if (errorType is not null)
        {
            PipelineSpans.Fail(span, errorType, failure!.Message);
        }

        if (!invocation.Context.IsSystem)
        {
            run.Services.Metrics.ToolEnded(invocation.ToolName, duration, errorType);
        }
    }

    private TimeSpan Since(long started) => run.Services.Time.GetElapsedTime(started);
}

using Microsoft.AspNetCore.Http;
using Netra.Pipeline.Failures;
using Netra.Pipeline.Gate;

namespace Netra.Pipeline.Publishing;

/// <summary>Answers requests that ask the log: what fails meanwhile becomes a problem document. Safe to use from any thread.</summary>
internal sealed class LogRequests(PipelineBridge bridge, FailureReporter failures)
{
    /// <summary>Has a request answered.</summary>
    /// <param name="context">The request.</param>
    /// <param name="operation">Its name in failures.</param>
    /// <param name="answer">Answers it.</param>
    public async Task HandleAsync(HttpContext context, string operation, Func<Task> answer)
    {
        try
        {
            await answer();
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            // The caller has disconnected.
            return;
        }
        catch (Exception exception)
        {
            // Nearly all that is done meanwhile is to ask the log.
            var failure = exception as PipelineException
                ?? SendFailureException.LogFailed(
                    new FailureScope(operation), "it could not be asked; the server's log says what it raised", innerException: exception);
            failures.Report(failure);
            await RefuseAsync(context, failure);
        }
    }

    /// <summary>A failed pipeline may still be inspected; but without an open log there is nothing to see.</summary>
    /// <param name="operation">The request's name in failures.</param>
    /// <exception cref="NotInitializedException">The log is not open.</exception>
    public void EnsureLogIsOpen(string operation)
    {
        if (bridge.State is BridgeState.NotInitialized or BridgeState.Stopped)
        {
            throw new NotInitializedException(new FailureScope(operation), bridge.State.ToString());
        }
    }

    private static async Task RefuseAsync(HttpContext context, PipelineException failure)
    {
        if (context.Response.HasStarted)
        {
            // An answer that has begun must not look whole.
            context.Abort();
            return;
        }

        await PublishAnswer.WriteAsync(context, default, PublishRejection.From(failure));
    }
}

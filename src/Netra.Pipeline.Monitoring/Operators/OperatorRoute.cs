using Microsoft.AspNetCore.Http;
using Netra.Pipeline.Failures;
using Netra.Pipeline.Gate;
using Netra.Pipeline.Http;
using Netra.Pipeline.Publishing;

namespace Netra.Pipeline.Monitoring.Operators;

/// <summary>
/// What the operators' routes have in common: they show and change any user's stream, so only callers that may publish may use them; and a
/// failure becomes a problem document. Safe to use from any thread.
/// </summary>
internal sealed class OperatorRoute(PublishGuard guard, PipelineBridge bridge, FailureReporter failures, OperatorAudit audit)
{
    /// <summary>Answers a request, if it is admitted.</summary>
    /// <param name="context">The request.</param>
    /// <param name="operation">Its name in failures.</param>
    /// <param name="answer">Answers it.</param>
    public async Task HandleAsync(HttpContext context, string operation, Func<Task<IResult>> answer)
    {
        try
        {
            if (await guard.AdmitAsync(context))
            {
                if (!PercentEncoding.IsValid(RawTarget.Of(context)))
                {
                    await ProblemDocument.BadRequest(PercentEncoding.Problem).ExecuteAsync(context);
                    return;
                }

                EnsureLogIsOpen(operation);
                await audit.WatchAsync(context, operation, answer);
            }
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            // The caller has disconnected.
            return;
        }
        catch (Exception exception)
        {
            // Nearly all that these routes do is to ask the log.
            var failure = exception as PipelineException
                ?? SendFailureException.LogFailed(
                    new FailureScope(operation), "it could not be asked; the server's log says what it raised", innerException: exception);
            failures.Report(failure);
            await RefuseAsync(context, failure);
        }
    }

    // A failed pipeline may still be inspected; but without an open log there is nothing to see.
    private void EnsureLogIsOpen(string operation)
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

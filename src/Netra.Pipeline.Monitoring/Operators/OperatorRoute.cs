using Microsoft.AspNetCore.Http;
using Netra.Pipeline.Access;
using Netra.Pipeline.Http;
using Netra.Pipeline.Publishing;

namespace Netra.Pipeline.Monitoring.Operators;

/// <summary>
/// What the operators' routes have in common: each needs a right; and a failure becomes a problem document. Safe to use from any thread.
/// </summary>
internal sealed class OperatorRoute(AccessGuard guard, LogRequests requests, OperatorAudit audit)
{
    /// <summary>Answers a request, if it is admitted.</summary>
    /// <param name="context">The request.</param>
    /// <param name="operation">Its name in failures.</param>
    /// <param name="right">What its caller needs.</param>
    /// <param name="answer">Answers it.</param>
    public Task HandleAsync(HttpContext context, string operation, AccessRights right, Func<Task<IResult>> answer)
        => requests.HandleAsync(context, operation, async () =>
        {
            if (!await guard.AdmitAsync(context, right))
            {
                return;
            }

            if (!PercentEncoding.IsValid(RawTarget.Of(context)))
            {
                await ProblemDocument.BadRequest(PercentEncoding.Problem).ExecuteAsync(context);
                return;
            }

            requests.EnsureLogIsOpen(operation);
            await audit.WatchAsync(context, operation, answer);
        });
}

using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Netra.Pipeline.Access;
using Netra.Pipeline.Connections;
using Netra.Pipeline.Events;
using Netra.Pipeline.Failures;
using Netra.Pipeline.Http;
using Netra.Pipeline.Limits;
using Netra.Pipeline.Publishing;
using Netra.Pipeline.Storage;
using Netra.Pipeline.Streams;
using Netra.Pipeline.WebSockets;

namespace Netra.Pipeline.Threads;

/// <summary>
/// <c>GET /v1/threads</c> and <c>GET /v1/threads/{thread_id}/events</c> (docs/protocol.md, section 9.12): a user's own threads, and nobody
/// else's. Requests are authenticated as a connection is. Safe to use from any thread.
/// </summary>
internal sealed class ThreadEndpoints(
    ConnectionAcceptor acceptor,
    AccessGuard guard,
    RegisteredAuthenticator registered,
    IEventLog log,
    StreamRegistry streams,
    LogRequests requests,
    ThreadRequests waiting,
    FailureReporter failures,
    IOptions<PeerLimitOptions> limits,
    LimitMetrics metrics)
{
    // What one answer holds in memory.
    private const int PageBytes = 1024 * 1024;
    private const string ThreadId = "thread_id";

    public static void Map(IEndpointRouteBuilder endpoints)
    {
        endpoints.MapGet("/v1/threads", static context => Of(context).HandleAsync(context, "ListThreads", Of(context).ListAsync));
        endpoints.MapGet(
            $"/v1/threads/{{{ThreadId}}}/events",
            static context => Of(context).HandleAsync(context, "ReadThread", Of(context).ReadAsync));
    }

    private static ThreadEndpoints Of(HttpContext context) => context.RequestServices.GetRequiredService<ThreadEndpoints>();

    private Task HandleAsync(HttpContext context, string operation, Func<HttpContext, string, Task<IResult>> answer)
        => requests.HandleAsync(context, operation, async () =>
        {
            var identity = await acceptor.IdentifyAsync(
                HttpHandshake.RequestOf(context), registered.Authenticator, HttpHandshake.ClosingOf(context), context.RequestAborted);
            if (identity.Refusal is { } refusal)
            {
                await guard.RefuseAsync(context, refusal);
                return;
            }

            requests.EnsureLogIsOpen(operation);
            await (await answer(context, identity.UserKey!)).ExecuteAsync(context);
        });

    private async Task<IResult> ListAsync(HttpContext context, string user)
    {
        var query = new QueryReader(context.Request.Query);
        var (before, limit) = (query.AfterName(), query.Limit());
        if (query.Problem is { } problem)
        {
            return ProblemDocument.BadRequest(problem);
        }

        var number = long.MaxValue;
        if (before is not null && !(before.Length > 0
            && !before.AsSpan().ContainsAnyExceptInRange('0', '9')
            && long.TryParse(before, NumberStyles.None, CultureInfo.InvariantCulture, out number)))
        {
            return ProblemDocument.BadRequest("after must be the next of another page");
        }

        // Looking makes no stream.
        if (!await log.KnowsUserAsync(user, context.RequestAborted))
        {
            return new ThreadListAnswer([], Next: null);
        }

        var stream = await streams.PinAsync(user, context.RequestAborted);
        try
        {
            var page = await stream.Storage.ListThreadsAsync(number, limit, context.RequestAborted);
            return new ThreadListAnswer(
                [
                    .. page.Threads
                        .Select(thread => thread with
                        {
                            OpenRuns = [.. thread.OpenRuns.Where(run => !stream.Runs.HasEnded(thread.ThreadId, run))],
                        })
                        .Select(thread => new ListedThread(thread, waiting.Of(user, thread)))
                ],
                page.Next);
        }
        finally
        {
            stream.Pins.Remove();
        }
    }

    private async Task<IResult> ReadAsync(HttpContext context, string user)
    {
        var query = new QueryReader(context.Request.Query);
        var (after, limit) = (query.After(), query.Limit());
        if (query.Problem is { } problem)
        {
            return ProblemDocument.BadRequest(problem);
        }

        var thread = RouteSegment.Of(context, ThreadId);
        if (!await log.KnowsUserAsync(user, context.RequestAborted))
        {
            return NotFound();
        }

        var stream = await streams.PinAsync(user, context.RequestAborted);
        try
        {
            if (stream.Pages.Charge(bytes: 0) is { Ticks: > 0 })
            {
                return TooMuch();
            }

            var page = await stream.Storage.ReadThreadAsync(thread, after, limit, PageBytes, context.RequestAborted);
            if (page is null)
            {
                return NotFound();
            }

            EnsureOwn(page.Events, user, thread);
            stream.Pages.Charge(page.Events.Sum(static stored => (long)stored.Buffer.Length));
            return new ThreadEventsAnswer(thread, page);
        }
        finally
        {
            stream.Pins.Remove();
        }
    }

    private ProblemDocument TooMuch()
    {
        metrics.Refused(Limit.Replay);
        return new ProblemDocument(
            StatusCodes.Status429TooManyRequests,
            FailureCodes.WireName(FailureCode.RateLimited),
            $"The user has read more than {limits.Value.ReplayBytesPerSecond} bytes of the past a second, or all users more than "
            + $"{limits.Value.TotalReplay} (Netra:Limits:ReplayBytesPerSecond, TotalReplayBytesPerSecond).");
    }

    private static ProblemDocument NotFound()
        => ProblemDocument.NotFound("The user has no thread of that id, or none of its events is kept.");

    // As before the socket, whatever went wrong until here.
    private void EnsureOwn(IReadOnlyList<StoredEvent> events, string user, string thread)
    {
        var tag = OwnerTag.Of(user);
        foreach (var stored in events)
        {
            if (OwnerTag.Read(stored.Buffer) != tag)
            {
                var scope = new FailureScope("ReadThread", user, thread);
                failures.Report(Failure.In(
                    FailureCode.IsolationViolation,
                    scope,
                    $"Event {stored.Seq} carries the tag of another user than {user}; it was not written."));
                throw SendFailureException.LogFailed(scope, $"event {stored.Seq} is not the user's");
            }
        }
    }
}

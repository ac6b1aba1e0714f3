using Microsoft.AspNetCore.Http;

namespace Netra.Pipeline.Tests.Load.Verify;

/// <summary>Goes wrong in one way, in front of a pipeline that does not.</summary>
internal static class FaultyServer
{
    public static async Task AnswerAsync(string fault, HttpContext context, RequestDelegate next)
    {
        var (request, path) = (context.Request, context.Request.Path.Value!);
        switch (fault)
        {
            case "trace" when path.EndsWith("/trace", StringComparison.Ordinal):
                await context.Response.WriteAsync("""{"state":"pending"}""");
                break;
            case "lost" when path == "/v1/events":
                await context.Response.WriteAsync("""{"id":"nothing-1","seq":1,"status":"queued"}""");
                break;
            case "ledger" when path == "/v1/ledger":
                await context.Response.WriteAsync("""{"unaccounted":1}""");
                break;
            case "figures" when path == "/monitoring/websocket/metrics/users":
                await context.Response.WriteAsync(
                    request.Query.ContainsKey("after") ? """{"users":[]}""" : """{"users":[{"user_id":"somebody"}],"next":"somebody"}""");
                break;
            case "slow" when path == "/v1/events":
                await Task.Delay(TimeSpan.FromMilliseconds(40), TimeProvider.System);
                await next(context);
                break;
            case "user" when path == "/ws":
                request.QueryString = new QueryString("?user_id=everybody");
                await next(context);
                break;
            case "resume" when path == "/ws" && request.Query.ContainsKey("seq"):
                request.QueryString = new QueryString($"?user_id={request.Query["user_id"]}");
                await next(context);
                break;
            default:
                await next(context);
                break;
        }
    }
}

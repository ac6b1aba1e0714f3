using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Netra.Pipeline.Access;
using Netra.Pipeline.Http;
using Netra.Pipeline.Monitoring.Metrics;

namespace Netra.Pipeline.Monitoring.Operators;

/// <summary>
/// <c>GET …/metrics/users</c> and <c>GET …/users/{user_id}</c> (docs/protocol.md, section 11): each user's metrics, apart from the others'.
/// </summary>
internal sealed class UserMetricsEndpoints(UserMetricsTable metrics, UserMetricsView users)
{
    public static void Map(IEndpointRouteBuilder endpoints) => new OperatorRoutes<UserMetricsEndpoints>(endpoints)
        .Get(
            $"{MonitoringRoutes.Prefix}/metrics/users", "ReadUserFigures", static (self, context) => self.List(context), AccessRights.Read)
        .Get($"{MonitoringRoutes.Prefix}/users/{{user_id}}", "ReadUser", static (self, context) => self.Read(context), AccessRights.Read);

    private IResult List(HttpContext context)
    {
        var query = new QueryReader(context.Request.Query);
        var (after, limit) = (query.AfterName(), query.Limit());
        if (query.Problem is { } problem)
        {
            return ProblemDocument.BadRequest(problem);
        }

        if (AccessGuard.RefuseUser(context, userId: null) is { } forbidden)
        {
            return forbidden;
        }

        // One more than asked for says whether there is another page.
        var page = metrics.Page(after, limit + 1);
        var document = new UserMetricsPage([.. page.Take(limit).Select(users.Read)], page.Count > limit ? page[limit - 1].UserId : null);
        return JsonAnswer.Of(document, MonitoringJson.Default.UserMetricsPage);
    }

    private IResult Read(HttpContext context) => AccessGuard.RefuseUser(context, RouteSegment.UserOf(context)) is { } forbidden ? forbidden
        : metrics.TryGet(RouteSegment.UserOf(context), out var user)
        ? JsonAnswer.Of(users.ReadAll(user), MonitoringJson.Default.UserView)
        : ProblemDocument.NotFound("Of that user there are no figures since the start.");
}

using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Netra.Pipeline.Access;
using Netra.Pipeline.Connections;
using Netra.Pipeline.Http;
using Netra.Pipeline.Monitoring.Metrics;
using Netra.Pipeline.Tenants;

namespace Netra.Pipeline.Monitoring.Operators;

/// <summary>
/// <c>GET …/metrics/users</c>, <c>GET …/metrics/tenants</c> and <c>GET …/users/{user_id}</c> (docs/protocol.md, section 11): each user's
/// metrics, apart from the others'.
/// </summary>
internal sealed class UserMetricsEndpoints(UserMetricsTable metrics, UserMetricsView users, ConnectionRegistry connections)
{
    public static void Map(IEndpointRouteBuilder endpoints) => new OperatorRoutes<UserMetricsEndpoints>(endpoints)
        .Get(
            $"{MonitoringRoutes.Prefix}/metrics/users", "ReadUserFigures", static (self, context) => self.List(context), AccessRights.Read)
        .Get(
            $"{MonitoringRoutes.Prefix}/metrics/tenants",
            "ReadTenantFigures",
            static (self, context) => self.ListTenants(context),
            AccessRights.Read)
        .Get($"{MonitoringRoutes.Prefix}/users/{{user_id}}", "ReadUser", static (self, context) => self.Read(context), AccessRights.Read);

    private IResult List(HttpContext context)
    {
        var query = new QueryReader(context.Request.Query);
        var (tenantId, after, limit) = (NamedUser.TenantInQuery(context, query), query.AfterName(), query.Limit());
        if (query.Problem is { } problem)
        {
            return ProblemDocument.BadRequest(problem);
        }

        if (AccessGuard.RefuseTenant(context, tenantId) is { } forbidden)
        {
            return forbidden;
        }

        // One more than asked for says whether there is another page.
        var page = metrics.Page(tenantId, after, limit + 1);
        var document = new UserMetricsPage([.. page.Take(limit).Select(users.Read)], page.Count > limit ? page[limit - 1].UserKey : null);
        return JsonAnswer.Of(document, MonitoringJson.Default.UserMetricsPage);
    }

    private IResult ListTenants(HttpContext context)
    {
        var query = new QueryReader(context.Request.Query);
        var tenantId = NamedUser.TenantInQuery(context, query);
        if (query.Problem is { } problem)
        {
            return ProblemDocument.BadRequest(problem);
        }

        if (AccessGuard.RefuseTenant(context, tenantId) is { } forbidden)
        {
            return forbidden;
        }

        var open = connections.All.CountBy(static connection => connection.TenantId, StringComparer.Ordinal)
            .ToDictionary(StringComparer.Ordinal);
        var tenants = metrics.Page(tenantId, after: null, int.MaxValue)
            .GroupBy(static user => UserKey.TenantOf(user.UserKey), StringComparer.Ordinal)
            .Select(users => TenantMetricsItem.Of(users, open.GetValueOrDefault(users.Key)));
        return JsonAnswer.Of(new TenantMetricsList([.. tenants]), MonitoringJson.Default.TenantMetricsList);
    }

    private IResult Read(HttpContext context)
    {
        var query = new QueryReader(context.Request.Query);
        var userKey = NamedUser.InRoute(context, query);
        return query.Problem is { } problem ? ProblemDocument.BadRequest(problem)
            : AccessGuard.RefuseUser(context, userKey) is { } forbidden ? forbidden
            : metrics.TryGet(userKey, out var user) ? JsonAnswer.Of(users.ReadAll(user), MonitoringJson.Default.UserView)
            : ProblemDocument.NotFound("Of that user there are no figures since the start.");
    }
}

using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Netra.Pipeline.Access;
using Netra.Pipeline.Http;
using Netra.Pipeline.Monitoring.Trends;

namespace Netra.Pipeline.Monitoring.Operators;

/// <summary>
/// <c>GET …/dashboard/{dashboard_id}</c>, the same as a feed, and <c>GET …/trends</c> (docs/protocol.md, section 11.4): all that one
/// dashboard shows.
/// </summary>
internal sealed class DashboardEndpoint(DashboardView view, DashboardFeeds feeds, TrendRings trends)
{
    private const string OneDashboard = MonitoringRoutes.Prefix + "/dashboard/{dashboard_id}";

    public static void Map(IEndpointRouteBuilder endpoints) => new OperatorRoutes<DashboardEndpoint>(endpoints)
        .Get(OneDashboard, "ReadDashboard", static (self, context) => self.Read(context))
        .Feed(OneDashboard + "/feed", "FollowDashboard", static (self, context) => self.Follow(context))
        .Get(MonitoringRoutes.Prefix + "/trends", "ReadTrends", static (self, context) => self.ReadTrends(context));

    private static ProblemDocument? Refuse(HttpContext context, QueryReader query, out Dashboard dashboard, out string? userKey)
    {
        userKey = NamedUser.InQuery(context, query);
        var found = Dashboards.Find(RouteSegment.Of(context, "dashboard_id"));
        dashboard = found ?? default;

        // It shows what the other routes show only to those who may read of users.
        return query.Problem is { } problem ? ProblemDocument.BadRequest(problem)
            : found is null ? ProblemDocument.NotFound($"There is no such dashboard; there are {Dashboards.Names}.")
            : found is not Dashboard.UserDiagnostics ? null
            : AccessGuard.RefuseRight(context, AccessRights.Read) ?? AccessGuard.RefuseUser(context, userKey);
    }

    private IResult Read(HttpContext context)
    {
        var query = new QueryReader(context.Request.Query);
        return Refuse(context, query, out var dashboard, out var userKey) is { } refusal
            ? refusal
            : view.Read(DashboardSubject.Of(dashboard, userKey, Caller.Of(context)), hasTrend: true).Answer();
    }

    private IResult Follow(HttpContext context)
    {
        var query = new QueryReader(context.Request.Query);
        var interval = query.Seconds(
            "interval_s", DashboardFeeds.DefaultSeconds, DashboardFeeds.LeastSeconds, DashboardFeeds.MostSeconds);
        if (Refuse(context, query, out var dashboard, out var userKey) is { } refusal)
        {
            return refusal;
        }

        var subject = DashboardSubject.Of(dashboard, userKey, Caller.Of(context));
        return feeds.TryOpen(subject, interval, out var feed) ? JsonAnswer.By(feed.WriteAsync) : feeds.Refusal();
    }

    private IResult ReadTrends(HttpContext context)
    {
        var query = new QueryReader(context.Request.Query);
        var range = query.Choice<TrendRange>("range", TrendRanges.NameOf) ?? TrendRange.Hour;
        return query.Problem is { } problem
            ? ProblemDocument.BadRequest(problem)
            : JsonAnswer.Of(
                new TrendDocument(TrendRanges.NameOf(range), trends.StepOf(range), TrendPoint.LatencyEdges, trends.Read(range)),
                MonitoringJson.Default.TrendDocument);
    }
}

/// <summary>Points of a range, and where the rows of its heat map part.</summary>
internal sealed record TrendDocument(string Range, int StepS, IReadOnlyList<double> LatencyEdgesS, IReadOnlyList<TrendPoint> Points);

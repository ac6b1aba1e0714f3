using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Netra.Pipeline.Access;
using Netra.Pipeline.Delivery;
using Netra.Pipeline.Http;

namespace Netra.Pipeline.Monitoring.Operators;

/// <summary><c>GET /v1/ledger</c> (docs/protocol.md, section 9.4): the outcomes of all events, or of one user's.</summary>
internal sealed class LedgerEndpoint(Ledger ledger)
{
    public static void Map(IEndpointRouteBuilder endpoints)
        => new OperatorRoutes<LedgerEndpoint>(endpoints)
            .Get("/v1/ledger", "ReadLedger", static (self, context) => self.ReadAsync(context), AccessRights.Read);

    private async Task<IResult> ReadAsync(HttpContext context)
    {
        var query = new QueryReader(context.Request.Query);
        var (user, tenantId) = (NamedUser.InQuery(context, query), NamedUser.TenantInQuery(context, query));
        if (query.Problem is { } problem)
        {
            return ProblemDocument.BadRequest(problem);
        }

        if (AccessGuard.RefuseUserOrTenant(context, user, tenantId) is { } forbidden)
        {
            return forbidden;
        }

        return (user is not null ? await ledger.ReadAsync(user, context.RequestAborted)
            : tenantId is not null ? await ledger.ReadTenantAsync(tenantId, context.RequestAborted)
            : ledger.Read()) is { } report
            ? JsonAnswer.Of(LedgerDocument.Of(report), MonitoringJson.Default.LedgerDocument)
            : ProblemDocument.NotFound("That user has no stream.");
    }
}

/// <summary>The outcomes of all events, or of one user's.</summary>
internal sealed record LedgerDocument(
    string Epoch,
    long Accepted,
    long Acknowledged,
    long Pending,
    long PendingOffline,
    long Expired,
    long DeadLettered,
    long Erased,
    long Unaccounted,
    long Streams,
    long LoadedStreams,
    double Timestamp)
{
    public static LedgerDocument Of(LedgerReport report) => new(
        report.Epoch,
        report.Account.Accepted,
        report.Account.Acknowledged,
        report.Account.Pending,
        report.PendingOffline,
        report.Account.Expired,
        report.Account.DeadLettered,
        report.Account.Erased,
        report.Account.Unaccounted,
        report.Streams,
        report.LoadedStreams,
        JsonAnswer.Seconds(report.At));
}

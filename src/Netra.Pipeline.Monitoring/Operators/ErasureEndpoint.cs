using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Netra.Pipeline.Access;
using Netra.Pipeline.Contexts;
using Netra.Pipeline.Hosting;
using Netra.Pipeline.Http;

namespace Netra.Pipeline.Monitoring.Operators;

/// <summary><c>DELETE /v1/users/{user_id}</c> (docs/protocol.md, section 9.13): erases a user.</summary>
internal sealed class ErasureEndpoint(UserErasure erasure)
{
    public static void Map(IEndpointRouteBuilder endpoints) => new OperatorRoutes<ErasureEndpoint>(endpoints)
        .Delete("/v1/users/{user_id}", "EraseUser", AccessRights.Configure, static (self, context) => self.EraseAsync(context));

    private async Task<IResult> EraseAsync(HttpContext context)
    {
        var query = new QueryReader(context.Request.Query);
        var user = NamedUser.InRoute(context, query);
        query.Refuse(IdentifierRules.ProblemOfUser(RouteSegment.UserOf(context)));
        if (query.Problem is { } problem)
        {
            return ProblemDocument.BadRequest(problem);
        }

        if (AccessGuard.RefuseUser(context, user) is { } forbidden)
        {
            return forbidden;
        }

        var account = await erasure.EraseAsync(user, context.RequestAborted);
        return JsonAnswer.Of(
            new ErasedDocument(
                account.Accepted, account.Acknowledged, account.Expired, account.DeadLettered, account.Erased),
            MonitoringJson.Default.ErasedDocument);
    }
}

/// <summary>What had become of an erased user's events.</summary>
internal sealed record ErasedDocument(long Accepted, long Acknowledged, long Expired, long DeadLettered, long Erased);

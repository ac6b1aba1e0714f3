using Microsoft.AspNetCore.Http;
using Netra.Pipeline.Contexts;
using Netra.Pipeline.Http;
using Netra.Pipeline.Tenants;

namespace Netra.Pipeline.Access;

/// <summary>
/// The user, or the tenant, that a request is about: <c>user_id</c> in its route or its query, and <c>tenant_id</c> in its query, which is
/// the caller's own where it is left out. What is wrong is kept by the reader of the query. Pure functions.
/// </summary>
internal static class NamedUser
{
    /// <summary>The key of the user that the route names.</summary>
    /// <param name="context">The request; it is admitted.</param>
    /// <param name="query">Its query.</param>
    public static string InRoute(HttpContext context, QueryReader query)
    {
        var userId = RouteSegment.UserOf(context);
        query.Refuse(IdentifierRules.ProblemOf(userId, "user_id"));
        return KeyOf(context, query, userId);
    }

    /// <summary>The key of the user that the query names; null where it names none.</summary>
    /// <param name="context">The request; it is admitted.</param>
    /// <param name="query">Its query.</param>
    public static string? InQuery(HttpContext context, QueryReader query)
        => query.UserId() is { } userId ? KeyOf(context, query, userId) : null;

    /// <summary>The tenant whose users are meant where none is named; null for every one.</summary>
    /// <param name="context">The request; it is admitted.</param>
    /// <param name="query">Its query.</param>
    public static string? TenantInQuery(HttpContext context, QueryReader query)
        => query.TenantId() ?? (Caller.Of(context).Users is { IsOfEveryTenant: false, Tenant: var own } ? own : null);

    private static string KeyOf(HttpContext context, QueryReader query, string userId)
        => UserKey.Of(query.TenantId() ?? Caller.Of(context).TenantId, userId);
}

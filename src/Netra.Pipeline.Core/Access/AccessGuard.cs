using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Netra.Pipeline.Connections;
using Netra.Pipeline.Diagnostics;
using Netra.Pipeline.Gate;
using Netra.Pipeline.Http;
using Netra.Pipeline.Tenants;

namespace Netra.Pipeline.Access;

/// <summary>
/// Keeps publishing, and what operators ask, from being open by accident: whoever can post events speaks to every user, and whoever can
/// read them hears every user. In Development it admits this machine alone; elsewhere the host must have said who may, or a credential
/// must say it. Safe to use from any thread.
/// </summary>
internal sealed partial class AccessGuard(
    IHostEnvironment environment,
    IEnumerable<CallerAuthenticator> authenticators,
    PipelineBridge bridge,
    SecurityAudit audit,
    TimeProvider time,
    ILogger<AccessGuard> logger)
{
    private const string Advice = "Nothing says who may publish events and read them here: make an API key (keys create), protect the "
        + "endpoints with MapNetraPipeline().RequireAuthorization(), or open them to everybody with .AllowAnonymous().";

    private readonly CallerAuthenticator? _authenticator = authenticators.LastOrDefault();
    private int _told;

    /// <summary>
    /// Finds out who sends a request and whether it may; answers it when it may not. A publisher that comes while the host is about to have
    /// started waits for that.
    /// </summary>
    /// <param name="context">The request; afterwards it has its <see cref="Caller"/>.</param>
    /// <param name="right">What the caller needs.</param>
    /// <returns>Whether it is admitted.</returns>
    public async ValueTask<bool> AdmitAsync(HttpContext context, AccessRights right)
    {
        var (caller, refusal) = await FindAsync(context);
        if (caller is not null && !caller.May(right))
        {
            refusal = Lacks(right);
        }

        if (refusal is null)
        {
            context.Features.Set(caller);
            if (right == AccessRights.Publish)
            {
                await bridge.WhenOpenAsync(time, context.RequestAborted);
            }

            return true;
        }

        await RefuseAsync(context, refusal);
        return false;
    }

    /// <summary>Refuses a request for its credential, or for the lack of one, and keeps that in the audit.</summary>
    public async Task RefuseAsync(HttpContext context, ProblemDocument refusal)
    {
        Write(audit, context, refusal);
        if (refusal.Status == StatusCodes.Status401Unauthorized)
        {
            context.Response.Headers.WWWAuthenticate = "Bearer";
        }

        await refusal.ExecuteAsync(context);
    }

    /// <summary>Refuses a request that is authenticated as a connection is; it is in the audit where the peer is the reason.</summary>
    public Task RefuseAsync(HttpContext context, HandshakeRefusal refusal)
    {
        var problem = new ProblemDocument(refusal.Status, refusal.Code, refusal.Message);
        return refusal.IsOfThePeer ? RefuseAsync(context, problem) : problem.ExecuteAsync(context);
    }

    /// <summary>Refuses a caller that may not do something, and keeps that in the audit; null where it may.</summary>
    public static ProblemDocument? RefuseRight(HttpContext context, AccessRights right)
        => Caller.Of(context).May(right) ? null : Audited(context, Lacks(right));

    /// <summary>Refuses a caller that may not act for a user, or not for all of them, and keeps that in the audit.</summary>
    /// <param name="context">The request; it is admitted.</param>
    /// <param name="userKey">The user's key; null for all, of every tenant.</param>
    /// <returns>The answer; null where the caller may.</returns>
    public static ProblemDocument? RefuseUser(HttpContext context, string? userKey)
        => Caller.Of(context).Users is var users && (userKey is null ? users.IsAll : users.Covers(userKey))
            ? null
            : Audited(context, Foreign(users, userKey is null ? "all of them" : $"'{UserKey.Show(userKey)}'"));

    /// <summary>Refuses a caller that may not ask about a user, or, where none is named, about all users of a tenant.</summary>
    /// <param name="context">The request; it is admitted.</param>
    /// <param name="userKey">The user's key; null where none is named.</param>
    /// <param name="tenantId">The tenant; null for every one.</param>
    /// <returns>The answer; null where the caller may.</returns>
    public static ProblemDocument? RefuseUserOrTenant(HttpContext context, string? userKey, string? tenantId)
        => userKey is null ? RefuseTenant(context, tenantId) : RefuseUser(context, userKey);

    /// <summary>Refuses a caller that may not ask about all users of a tenant.</summary>
    /// <param name="context">The request; it is admitted.</param>
    /// <param name="tenantId">The tenant; null for every one.</param>
    /// <returns>The answer; null where the caller may.</returns>
    public static ProblemDocument? RefuseTenant(HttpContext context, string? tenantId)
        => tenantId is null ? RefuseUser(context, userKey: null)
            : Caller.Of(context).Users is { IsAllOfTenant: true } users && users.CoversTenant(tenantId) ? null
            : Audited(context, Foreign(Caller.Of(context).Users, $"all of the tenant '{tenantId}'"));

    private async ValueTask<(Caller? Caller, ProblemDocument? Refusal)> FindAsync(HttpContext context)
    {
        var metadata = context.GetEndpoint()?.Metadata;
        var isLocal = environment.IsDevelopment();
        if (isLocal && !RequestPeer.IsLoopback(RequestPeer.Of(context)))
        {
            return (null, new ProblemDocument(
                StatusCodes.Status403Forbidden, "forbidden", "Development mode admits this machine only."));
        }

        if (!isLocal && (metadata?.GetMetadata<IAuthorizeData>() is not null || metadata?.GetMetadata<IAllowAnonymous>() is not null))
        {
            // The authorization middleware has admitted it, or the host has chosen to do without.
            return (Caller.Trusted, null);
        }

        if (_authenticator is not null && await _authenticator.AuthenticateAsync(context) is { } result)
        {
            return (result.Caller, result.Refusal);
        }

        if (isLocal)
        {
            return (Caller.Trusted, null);
        }

        if (_authenticator is { IsConfigured: true })
        {
            return (null, Unauthorized("Send a credential: Authorization: Bearer, with an API key or a token."));
        }

        if (Interlocked.Exchange(ref _told, 1) == 0)
        {
            Log.Unprotected(logger, Advice);
        }

        return (null, Unauthorized(Advice));
    }

    private static ProblemDocument Audited(HttpContext context, ProblemDocument refusal)
    {
        Write(context.RequestServices.GetRequiredService<SecurityAudit>(), context, refusal);
        return refusal;
    }

    private static void Write(SecurityAudit audit, HttpContext context, ProblemDocument refusal) => audit.RequestRefused(
        RequestAuthor.IdOf(context.User),
        RequestPeer.Of(context),
        context.Request.Method,
        context.Request.Path.Value,
        refusal.Status);

    private static ProblemDocument Foreign(UserPattern users, string whom) => new(
        StatusCodes.Status403Forbidden, "forbidden", $"The caller is for {users}, and this is about {whom}.");

    private static ProblemDocument Lacks(AccessRights right)
        => new(StatusCodes.Status403Forbidden, "forbidden", $"The caller lacks the right '{AccessRightNames.NameOf(right)}'.");

    private static ProblemDocument Unauthorized(string message)
        => new(StatusCodes.Status401Unauthorized, "unauthorized", message);

    private static partial class Log
    {
        [LoggerMessage(
            EventIds.PublishUnprotected,
            LogLevel.Warning,
            "Publishing events and reading them is refused with 401. {Advice} This is said once",
            EventName = nameof(EventIds.PublishUnprotected))]
        public static partial void Unprotected(ILogger logger, string advice);
    }
}

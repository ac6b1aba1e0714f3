using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Authentication;
using Microsoft.Extensions.Options;
using Netra.Pipeline.Access;
using Netra.Pipeline.Connections;
using Netra.Pipeline.Contexts;
using Netra.Pipeline.Http;
using Netra.Pipeline.Monitoring.Operators;
using Netra.Pipeline.Security;
using Netra.Pipeline.Security.Credentials;
using Netra.Pipeline.Security.Keys;
using Netra.Pipeline.Security.Tokens;
using Netra.Pipeline.Tenants;

namespace Netra.Pipeline.Server.SignIn;

/// <summary><c>/v1/session</c> (docs/protocol.md, section 12.4): signing in to the server's own pages. Stateless.</summary>
internal static class SessionEndpoints
{
    private const string Route = "/v1/session";

    public static void Map(IEndpointRouteBuilder endpoints)
    {
        endpoints.MapGet(Route, static context => Describe(context).ExecuteAsync(context));
        endpoints.MapPost(Route, static async context => await (await SignInAsync(context)).ExecuteAsync(context));
        endpoints.MapDelete(Route, static async context => await (await SignOutAsync(context)).ExecuteAsync(context));
        endpoints.MapGet($"{Route}/openid", static context => ChallengeAsync(context));
    }

    private static IResult Describe(HttpContext context)
    {
        var services = context.RequestServices;
        var options = services.GetRequiredService<IOptions<CredentialOptions>>().Value;
        var session = context.User is { Identity.IsAuthenticated: true } user ? PrincipalIdentity.Read(user, options) : null;
        if (session?.Identity is { } found && services.GetRequiredService<AccessDirectory>().IsRevoked(found))
        {
            session = null;
        }

        var now = services.GetRequiredService<TimeProvider>().GetUtcNow();
        return JsonAnswer.Of(
            new SessionDocument(
                services.GetRequiredService<IHostEnvironment>().IsDevelopment(),
                session?.Identity is { } identity && !IdentifierRules.IsReserved(identity.UserId) ? identity.UserId : null,
                session?.Identity is { TenantId: { Length: > 0 } tenantId } ? tenantId : null,
                AccessRightNames.NamesOf(session?.RightsThatCount ?? AccessRights.None),
                options.ClientId is { Length: > 0 } ? ["key", "openid"] : ["key"],
                session?.Identity?.ExpiresAt is { } end ? Math.Max(0, (long)(end - now).TotalMilliseconds) : null),
            SessionJson.Default.SessionDocument);
    }

    private static async Task<IResult> SignInAsync(HttpContext context)
        => await OperatorBody.AnswerAsync(
            context,
            SessionJson.Default.SessionBody,
            static (body, check) => body.Read(check),
            (wanted, _) => SignInAsync(context, wanted));

    private static async Task<IResult> SignInAsync(HttpContext context, (string Key, string? TenantId, string? UserId) wanted)
    {
        var services = context.RequestServices;
        if (services.GetRequiredService<AccessDirectory>().Find(wanted.Key) is not { Key: var key })
        {
            return Refuse(context, StatusCodes.Status401Unauthorized, "unauthorized", "The API key is unknown, has ended, or was revoked.");
        }

        var tenantId = wanted.TenantId ?? key.Users.OwnTenant;
        if (wanted.UserId is { } user && !(key.Rights.HasFlag(AccessRights.Connect) && key.Users.Covers(UserKey.Of(tenantId, user))))
        {
            return Refuse(
                context,
                StatusCodes.Status403Forbidden,
                "forbidden",
                key.Rights.HasFlag(AccessRights.Connect)
                    ? $"The key is for {key.Users}."
                    : "The key lacks the right 'connect', which it needs to be somebody.");
        }

        // Of a key that is for some users only, a session may look at nobody.
        var rights = key.Users.IsAllOfTenant ? key.Rights & ~AccessRights.Connect : key.Rights & AccessRights.Configure;
        var now = services.GetRequiredService<TimeProvider>().GetUtcNow();
        var options = services.GetRequiredService<IOptions<CredentialOptions>>().Value;
        await context.SignInAsync(
            SessionServices.Cookie,
            SessionServices.OfKey(key, options, tenantId, wanted.UserId, RoleNames.Of(rights), now));
        return JsonAnswer.Empty(StatusCodes.Status204NoContent);
    }

    private static async Task<IResult> SignOutAsync(HttpContext context)
    {
        await context.SignOutAsync(SessionServices.Cookie);
        return JsonAnswer.Empty(StatusCodes.Status204NoContent);
    }

    private static async Task ChallengeAsync(HttpContext context)
    {
        if (string.IsNullOrEmpty(context.RequestServices.GetRequiredService<IOptions<CredentialOptions>>().Value.ClientId))
        {
            await ProblemDocument.NotFound("No provider is configured (Netra:Authentication:ClientId).").ExecuteAsync(context);
            return;
        }

        try
        {
            await context.ChallengeAsync(
                SessionServices.OpenId, new AuthenticationProperties { RedirectUri = $"{context.Request.PathBase}/" });
        }
        catch (InvalidOperationException exception) when (!context.Response.HasStarted)
        {
            // The provider cannot be asked where its page is.
            SessionServices.FailSignIn(context, exception);
        }
    }

    private static ProblemDocument Refuse(HttpContext context, int status, string code, string problem)
    {
        context.RequestServices.GetRequiredService<SecurityAudit>().RequestRefused(
            who: null, RequestPeer.Of(context), context.Request.Method, context.Request.Path.Value, status);
        return new ProblemDocument(status, code, problem);
    }
}

/// <summary>Who is signed in, and how one signs in.</summary>
internal sealed record SessionDocument(
    bool Development, string? UserId, string? TenantId, IReadOnlyList<string> Roles, IReadOnlyList<string> SignIn, long? ExpiresInMs);

/// <summary>Signs in with a key.</summary>
internal sealed record SessionBody(string? Key, string? TenantId, string? UserId) : OperatorBody
{
    private const int MaxKeyChars = 100;

    public (string Key, string? TenantId, string? UserId) Read(BodyCheck check)
    {
        check.RefuseIf(UserId is null ? null : IdentifierRules.ProblemOfUser(UserId));
        check.RefuseIf(TenantId is null ? null : UserId is null ? "tenant_id needs user_id" : IdentifierRules.ProblemOfTenant(TenantId));
        check.RefuseIf(Key is { Length: > 0 and <= MaxKeyChars } ? null : "key is missing, or is no API key");
        return (Key ?? string.Empty, TenantId, UserId);
    }
}

[JsonSourceGenerationOptions(
    GenerationMode = JsonSourceGenerationMode.Metadata,
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    AllowDuplicateProperties = false)]
[JsonSerializable(typeof(SessionDocument))]
[JsonSerializable(typeof(SessionBody))]
internal sealed partial class SessionJson : JsonSerializerContext;

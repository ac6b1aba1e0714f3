using System.Security.Claims;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;
using Netra.Pipeline.Access;
using Netra.Pipeline.Connections;
using Netra.Pipeline.Failures;
using Netra.Pipeline.Security.Keys;
using Netra.Pipeline.Security.Tokens;

namespace Netra.Pipeline.Security.Credentials;

/// <summary>Says who publishes or operates, by an API key or a token with roles. Safe from any thread.</summary>
internal sealed class CredentialCallers(
    TokenVerifier tokens, AccessDirectory directory, AuthenticationMetrics metrics, IOptions<CredentialOptions> options)
    : CallerAuthenticator
{
    // Names of keys and subjects of tokens are different people, whatever they are called.
    private const string KeyPublisher = "key:";

    public override bool IsConfigured => tokens.IsConfigured || directory.HasKeys;

    public override async ValueTask<CallerResult?> AuthenticateAsync(HttpContext context)
    {
        var credential = Credential.Find(context.Request.Headers, query: null, out var problem);
        if (problem is not null)
        {
            return CallerResult.Refuse(StatusCodes.Status401Unauthorized, "unauthorized", problem);
        }

        if (credential is not { } found)
        {
            return context.User is { Identity.IsAuthenticated: true } user ? OfSession(context, user) : null;
        }

        CallerResult result;
        try
        {
            result = found.Kind switch
            {
                CredentialKind.Key => OfKey(context, found.Text),
                CredentialKind.Ticket => Refuse("A ticket is for a connection."),
                _ => await OfTokenAsync(context, found.Text),
            };
        }
        catch (AuthenticationUnavailableException exception)
        {
            result = CallerResult.Refuse(
                StatusCodes.Status503ServiceUnavailable,
                FailureCodes.WireName(FailureCode.AuthenticationUnavailable),
                exception.Message);
        }

        metrics.Count(found.Kind, result.Caller is not null);
        return result;
    }

    private static CallerResult Refuse(string problem)
        => CallerResult.Refuse(StatusCodes.Status401Unauthorized, "unauthorized", problem);

    private CallerResult OfKey(HttpContext context, string text)
    {
        if (directory.Find(text) is not { } lease)
        {
            return Refuse("The API key is unknown, has ended, or was revoked.");
        }

        // A name has no slash, so keys of one name in two tenants are two publishers.
        var name = lease.Key.Users.OwnTenant is { Length: > 0 } tenantId
            ? $"{tenantId}/{lease.Key.Name}"
            : lease.Key.Name;
        SetUser(context, KeyPublisher + name, name);
        return new CallerResult(new Caller(lease.Key.Rights, lease.Key.Users, () => lease.Ended), Refusal: null);
    }

    private CallerResult OfSession(HttpContext context, ClaimsPrincipal user)
    {
        var session = PrincipalIdentity.Read(user, options.Value);
        var problem = session.Identity is not { } identity ? session.Problem!
            : directory.IsRevoked(identity) ? "The session was revoked."
            : ProblemOfPublisher(identity, "session");
        metrics.Count(CredentialKind.Session, problem is null);
        return problem is null ? Admit(context, session, user.Identity?.Name) : Refuse(problem);
    }

    private async ValueTask<CallerResult> OfTokenAsync(HttpContext context, string text)
    {
        var token = await tokens.VerifyAsync(text, context.RequestAborted);
        var problem = token.Identity is not { } identity ? token.Problem!
            : directory.IsRevoked(identity) ? "The token was revoked."
            : ProblemOfPublisher(identity, "token");
        return problem is null ? Admit(context, token, name: null) : Refuse(problem);
    }

    private static string? ProblemOfPublisher(ConnectionIdentity identity, string credential)
        => identity.UserId.StartsWith(KeyPublisher, StringComparison.Ordinal)
            ? $"The {credential}'s subject begins with '{KeyPublisher}', as the publishers of API keys do."
            : null;

    // Subjects of one name in two tenants are two publishers.
    private CallerResult Admit(HttpContext context, VerifiedToken token, string? name)
    {
        var identity = token.Identity!;
        SetUser(context, identity.UserKey, name ?? identity.UserId);
        return new CallerResult(CallerOf(token, context), Refusal: null);
    }

    // Whoever is of a tenant is for its users, and has no rights that are about the whole server.
    private Caller CallerOf(VerifiedToken token, HttpContext context)
    {
        var identity = token.Identity!;

        // Who may make keys for everybody is for everybody.
        var isForAll = identity.TenantId.Length == 0
            && (token.IsOfEveryTenant || !options.Value.HasTenants || token.Rights.HasFlag(AccessRights.Configure));
        return new Caller(
            token.RightsThatCount,
            token.Users ?? (isForAll ? UserPattern.All : UserPattern.AllOf(identity.TenantId)),
            () => Watch(context, identity));
    }

    // Only requests that are open for long ask for it.
    private CancellationToken Watch(HttpContext context, ConnectionIdentity identity)
    {
        var lease = directory.Watch(identity);
        context.Response.RegisterForDispose(lease);
        return lease.Ended;
    }

    private static void SetUser(HttpContext context, string id, string name) => context.User = new ClaimsPrincipal(new ClaimsIdentity(
        [new Claim(ClaimTypes.NameIdentifier, id), new Claim(ClaimTypes.Name, name)], "Bearer"));
}

using Netra.Pipeline.Contexts;

namespace Netra.Pipeline.Connections;

/// <summary>
/// Development's authenticator: it accepts the query's <c>user_id</c>, and <c>tenant_id</c>, from this machine alone. A credential that
/// comes all the same is checked, so that what production does can be tried.
/// </summary>
/// <param name="known">Who checks credentials; null where nobody does.</param>
internal sealed class DevelopmentAuthenticator(DefaultAuthenticator? known) : IConnectionAuthenticator
{
    public ValueTask<AuthenticationResult> AuthenticateAsync(HandshakeRequest request, CancellationToken cancellationToken)
        => known?.HasCredential(request) == true && (request.IsLoopback || request.IsInBand)
            ? known.AuthenticateAsync(request, cancellationToken)
            : ValueTask.FromResult(Authenticate(request));

    private static AuthenticationResult Authenticate(HandshakeRequest request)
    {
        if (!request.IsLoopback)
        {
            return AuthenticationResult.Forbid(
                $"Development mode takes connections from this machine only, not from {request.RemoteEndPoint}.");
        }

        if (request.SingleQuery("user_id") is not { } userId)
        {
            return AuthenticationResult.BadRequest("In Development the query names the user once: ?user_id=NAME.");
        }

        var tenantId = request.Query.ContainsKey("tenant_id") ? request.SingleQuery("tenant_id") : string.Empty;
        return tenantId is null
            ? AuthenticationResult.BadRequest("The query names the tenant once, or not at all: &tenant_id=NAME.")
            : (IdentifierRules.ProblemOfTenant(tenantId) ?? IdentifierRules.ProblemOfUser(userId)) is { } problem
                ? AuthenticationResult.BadRequest(problem)
                : AuthenticationResult.Admit(new ConnectionIdentity(userId) { TenantId = tenantId });
    }
}

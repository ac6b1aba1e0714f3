using System.Security.Claims;
using Microsoft.Extensions.Options;
using Netra.Pipeline.Connections;
using Netra.Pipeline.Contexts;
using Netra.Pipeline.Security.Keys;
using Netra.Pipeline.Security.Tokens;
using Netra.Pipeline.Tenants;

namespace Netra.Pipeline.Security.Credentials;

/// <summary>
/// Says who connects, by a token or a ticket (docs/protocol.md, section 12). It counts where the host registers no authenticator of its
/// own. Safe from any thread.
/// </summary>
internal sealed class CredentialAuthenticator(
    TokenVerifier tokens,
    AccessDirectory directory,
    AuthenticationMetrics metrics,
    IOptions<CredentialOptions> options,
    TimeProvider time) : DefaultAuthenticator
{
    public override bool IsConfigured => tokens.IsConfigured || directory.HasKeys;

    public override string Advice => "nothing says who may connect or publish: set Netra:Authentication:Audience and Issuer with Keys, "
        + "JwksFile, JwksUrl or Authority for tokens, or make an API key with the command 'keys create' (README, Production); "
        + "a host of its own registers an IConnectionAuthenticator (UseAuthenticator). Only Development does without";

    public override bool HasCredential(HandshakeRequest request) => Credential.IsIn(request) || request.User is not null;

    public override async ValueTask<AuthenticationResult> AuthenticateAsync(
        HandshakeRequest request, CancellationToken cancellationToken)
    {
        var credential = Credential.Find(request.Headers, request.Query, out var problem);
        if (problem is not null)
        {
            return AuthenticationResult.BadRequest(problem);
        }

        if (credential is null && request.User is { } user)
        {
            var session = OfSession(user);
            metrics.Count(CredentialKind.Session, session.Status == 101);
            return session;
        }

        if (credential is not { } found)
        {
            return AuthenticationResult.Unauthorized("There is no credential: send a token, or a ticket (POST /v1/tickets).");
        }

        var result = await AuthenticateAsync(found, cancellationToken);
        metrics.Count(found.Kind, result.Status == 101);
        return result;
    }

    private async ValueTask<AuthenticationResult> AuthenticateAsync(Credential credential, CancellationToken cancellationToken)
    {
        switch (credential.Kind)
        {
            case CredentialKind.Key:
                return AuthenticationResult.Forbid("An API key is for backends: with the right 'connect' it gets tickets for its users.");
            case CredentialKind.Ticket:
                return OfTicket(credential.Text);
            case CredentialKind.TokenInQuery when !options.Value.AllowTokenInQuery:
                return AuthenticationResult.Forbid(
                    "A token in a URL ends up in logs: send it as a header or a subprotocol, or take a ticket "
                    + "(Netra:Authentication:AllowTokenInQuery).");
            default:
                var token = await tokens.VerifyAsync(credential.Text, cancellationToken);
                return token.Identity is not { } identity ? AuthenticationResult.Unauthorized(token.Problem!)
                    : directory.IsRevoked(identity) ? AuthenticationResult.Unauthorized("The token was revoked.")
                    : AuthenticationResult.Admit(identity);
        }
    }

    private AuthenticationResult OfSession(ClaimsPrincipal user)
        => PrincipalIdentity.Read(user, options.Value) is { Identity: { } identity } && !IdentifierRules.IsReserved(identity.UserId)
            ? directory.IsRevoked(identity)
                ? AuthenticationResult.Unauthorized("The session was revoked.")
                : AuthenticationResult.Admit(identity)
            : AuthenticationResult.Forbid("The session names no user.");

    private AuthenticationResult OfTicket(string text)
    {
        if (directory.Store.Take(Ticket.HashOf(text), time.GetUtcNow()) is not { } ticket)
        {
            return AuthenticationResult.Unauthorized("The ticket is unknown, was used, or is too old.");
        }

        var identity = new ConnectionIdentity(UserKey.UserOf(ticket.UserKey))
        {
            TenantId = UserKey.TenantOf(ticket.UserKey),
            CredentialId = ticket.CredentialId,
            IssuedAt = ticket.IssuedAt,
            ExpiresAt = ticket.EndsAt,
        };
        return directory.IsRevoked(identity)
            ? AuthenticationResult.Unauthorized("The credential that the ticket is for was revoked.")
            : AuthenticationResult.Admit(identity);
    }
}

using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Netra.Pipeline.Access;
using Netra.Pipeline.Connections;
using Netra.Pipeline.Contexts;
using Netra.Pipeline.Http;
using Netra.Pipeline.Monitoring.Operators;
using Netra.Pipeline.Publishing;
using Netra.Pipeline.Security.Credentials;
using Netra.Pipeline.Security.Keys;
using Netra.Pipeline.Tenants;
using Netra.Pipeline.WebSockets;

namespace Netra.Pipeline.Security.Operators;

/// <summary>
/// <c>POST /v1/tickets</c> (docs/protocol.md, section 12.2): a page's token becomes a ticket for one handshake, or a backend gets one for
/// its user. Safe from any thread.
/// </summary>
internal sealed class TicketEndpoint(
    CredentialAuthenticator authenticator,
    RegisteredAuthenticator registered,
    AccessGuard guard,
    AccessDirectory directory,
    ConnectionAcceptor acceptor,
    LogRequests requests,
    IOptions<CredentialOptions> options,
    TimeProvider time)
{
    private const string Operation = "CreateTicket";

    // Of one user, at a time: as many as there may be connections.
    private const int MostOfUser = 100;
    private const int MaxBodyBytes = 4096;

    public static void Map(IEndpointRouteBuilder endpoints) => endpoints.MapPost(
        "/v1/tickets", static context => context.RequestServices.GetRequiredService<TicketEndpoint>().HandleAsync(context));

    private Task HandleAsync(HttpContext context) => requests.HandleAsync(
        context, Operation, async () =>
        {
            if (await AnswerAsync(context) is { } answer)
            {
                await answer.ExecuteAsync(context);
            }
        });

    // Null where it is answered already.
    private async Task<IResult?> AnswerAsync(HttpContext context)
    {
        if (registered.Authenticator is not (CredentialAuthenticator or DevelopmentAuthenticator))
        {
            return ProblemDocument.NotFound("The host authenticates connections itself, and takes no tickets.");
        }

        var credential = Credential.Find(context.Request.Headers, query: null, out var problem);
        if (problem is not null)
        {
            return ProblemDocument.BadRequest(problem);
        }

        if (credential is { Kind: CredentialKind.Token } || (credential is null && context.User is { Identity.IsAuthenticated: true }))
        {
            return await OfTokenAsync(context);
        }

        if (!await guard.AdmitAsync(context, AccessRights.Connect))
        {
            return null;
        }

        return await OperatorBody.AnswerAsync(
            context,
            SecurityJson.Default.TicketBody,
            static (body, check) => body.Read(check),
            (wanted, _) => Task.FromResult(OfUser(
                context, UserKey.Of(wanted.TenantId ?? Caller.Of(context).TenantId, wanted.UserId), wanted.Session)),
            MaxBodyBytes);
    }

    private async Task<IResult?> OfTokenAsync(HttpContext context)
    {
        var found = await acceptor.IdentifyAsync(
            HttpHandshake.RequestOf(context), authenticator, HttpHandshake.ClosingOf(context), context.RequestAborted);
        if (found.Refusal is { } refusal)
        {
            await guard.RefuseAsync(context, refusal);
            return null;
        }

        var identity = found.Identity!;
        return Make(new Ticket(identity.UserKey, identity.CredentialId, identity.IssuedAt, identity.ExpiresAt));
    }

    private IResult OfUser(HttpContext context, string userKey, TimeSpan session)
    {
        var now = time.GetUtcNow();
        return AccessGuard.RefuseUser(context, userKey) is { } forbidden
            ? forbidden
            : Make(new Ticket(userKey, CredentialId: null, now, now + session));
    }

    private IResult Make(Ticket ticket)
    {
        var now = time.GetUtcNow();
        var (text, hash) = Ticket.MakeText();
        var lifetime = options.Value.TicketLifetime;
        return directory.Store.TryAdd(hash, ticket, now, now + lifetime, MostOfUser)
            ? JsonAnswer.Of(
                new TicketDocument(
                    text,
                    (long)lifetime.TotalMilliseconds,
                    UserKey.UserOf(ticket.UserKey),
                    UserKey.TenantOrNull(ticket.UserKey)),
                SecurityJson.Default.TicketDocument,
                StatusCodes.Status201Created)
            : new ProblemDocument(
                StatusCodes.Status429TooManyRequests,
                "too_many_tickets",
                $"The user has {MostOfUser} tickets that were not used, which is the limit; each is good for {lifetime} "
                + "(Netra:Authentication:TicketLifetime).");
    }
}

/// <summary>A ticket, told once.</summary>
internal sealed record TicketDocument(string Ticket, long ExpiresInMs, string UserId, string? TenantId);

/// <summary>Asks for a ticket for a user.</summary>
internal sealed record TicketBody(string? TenantId, string? UserId, double? SessionS) : OperatorBody
{
    private const double LongestSeconds = 86_400;
    private static readonly TimeSpan Default = TimeSpan.FromHours(1);

    public (string? TenantId, string UserId, TimeSpan Session) Read(BodyCheck check)
    {
        check.RefuseIf(IdentifierRules.ProblemOfUser(UserId));
        check.RefuseIf(TenantId is null ? null : IdentifierRules.ProblemOfTenant(TenantId));
        return (TenantId, UserId ?? string.Empty, check.Seconds("session_s", SessionS, 1, LongestSeconds) ?? Default);
    }
}

using System.Security.Claims;
using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Authentication;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Netra.Pipeline.Tests.Monitoring.Operators;

/// <summary>
/// A host's authentication that knows one token, and takes everybody for who they say they are after a colon: <c>right:bob</c>.
/// </summary>
internal sealed class BearerHandler(IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory loggers, UrlEncoder encoder)
    : AuthenticationHandler<AuthenticationSchemeOptions>(options, loggers, encoder)
{
    public const string Name = "Bearer";
    private const string Right = "Bearer right";

    protected override Task<AuthenticateResult> HandleAuthenticateAsync()
    {
        string?[] parts = Request.Headers.Authorization.ToString().Split(':');
        if (parts[0] != Right)
        {
            return Task.FromResult(AuthenticateResult.NoResult());
        }

        var identity = new ClaimsIdentity(parts.Skip(1).Select(static name => new Claim(ClaimTypes.NameIdentifier, name!)), Name);
        return Task.FromResult(AuthenticateResult.Success(new AuthenticationTicket(new ClaimsPrincipal(identity), Name)));
    }
}

using System.Security.Claims;
using Microsoft.AspNetCore.Authentication.Cookies;
using Microsoft.AspNetCore.Authentication.OpenIdConnect;
using Microsoft.AspNetCore.DataProtection;
using Netra.Pipeline.Connections;
using Netra.Pipeline.Http;
using Netra.Pipeline.Security;
using Netra.Pipeline.Security.Credentials;
using Netra.Pipeline.Security.Keys;
using Netra.Pipeline.Security.Tokens;
using Netra.Pipeline.Storage;

namespace Netra.Pipeline.Server.SignIn;

/// <summary>
/// Sessions of the server's own pages: a cookie, got by an API key or from an OpenID Connect provider (docs/protocol.md, section 12.4).
/// </summary>
internal static class SessionServices
{
    /// <summary>The scheme of the cookie.</summary>
    public const string Cookie = "netra_session";

    /// <summary>The scheme of the provider.</summary>
    public const string OpenId = "openid";

    /// <summary>The claim that names the key of a session, which ends with it.</summary>
    public const string KeyClaim = "netra_key";

    // No user's id begins like this, so an operator's session connects as nobody.
    private const string OperatorPrefix = "$operator:";

    public static void Add(IServiceCollection services, IConfiguration configuration)
    {
        var options = new CredentialOptions();
        configuration.GetSection("Netra:Authentication").Bind(options);
        var data = new DataOptions();
        configuration.GetSection("Netra").Bind(data);

        // Beside the events: a session lives on over a restart, and whoever has the folder has everything already.
        services.AddDataProtection()
            .SetApplicationName("Netra.Pipeline")
            .PersistKeysToFileSystem(new DirectoryInfo(Path.Combine(Path.GetFullPath(data.DataDirectory), "session-keys")));
        var authentication = services.AddAuthentication(Cookie).AddCookie(Cookie, cookie => Configure(cookie, options.SessionLifetime));
        if (options.ClientId is { Length: > 0 })
        {
            authentication.AddOpenIdConnect(OpenId, provider => Configure(provider, options));
        }
    }

    /// <summary>A session for whoever has a key.</summary>
    /// <param name="key">The key.</param>
    /// <param name="options">The names of claims, and how long it holds.</param>
    /// <param name="tenantId">The tenant; empty for none.</param>
    /// <param name="userId">As whom it connects; null for an operator.</param>
    /// <param name="roles">What it may.</param>
    /// <param name="now">The time.</param>
    public static ClaimsPrincipal OfKey(
        ApiKey key, CredentialOptions options, string tenantId, string? userId, IEnumerable<string> roles, DateTimeOffset now)
    {
        var end = now + options.SessionLifetime;
        end = key.ExpiresAt is { } keyEnd && keyEnd < end ? keyEnd : end;
        return new ClaimsPrincipal(new ClaimsIdentity(
            [
                new Claim(PrincipalIdentity.TenantClaimOf(options), tenantId),
                new Claim(PrincipalIdentity.AllTenantsClaim, key.Users.IsOfEveryTenant ? key.Users.Tenant : string.Empty),
                new Claim(PrincipalIdentity.UsersClaim, key.Users.Text),
                new Claim(options.UserClaim, userId ?? OperatorPrefix + key.Name),
                new Claim(KeyClaim, key.Id),
                new Claim("jti", ApiKey.SessionPrefix + key.Id),
                new Claim("iat", now.ToUnixTimeSeconds().ToString()),
                new Claim("exp", end.ToUnixTimeSeconds().ToString()),
                .. roles.Select(role => new Claim(options.RolesClaim, role)),
            ],
            Cookie));
    }

    /// <summary>
    /// Signing in at the provider did not work. The reason is in the log; the page says that it did not, and offers to try again.
    /// </summary>
    public static void FailSignIn(HttpContext context, Exception? failure)
    {
        context.RequestServices.GetRequiredService<SecurityAudit>().SignInFailed(
            RequestPeer.Of(context), failure?.Message ?? "without a reason");
        context.Response.Redirect($"{context.Request.PathBase}/?sign_in=failed");
    }

    private static void Configure(CookieAuthenticationOptions cookie, TimeSpan lifetime)
    {
        cookie.Cookie.Name = Cookie;
        cookie.Cookie.HttpOnly = true;
        cookie.Cookie.SameSite = SameSiteMode.Strict;
        cookie.Cookie.SecurePolicy = CookieSecurePolicy.SameAsRequest;
        cookie.ExpireTimeSpan = lifetime;
        cookie.SlidingExpiration = false;

        // These are routes of programs: they answer for themselves, and lead nobody to another page.
        cookie.Events.OnRedirectToLogin = static context => Answer(context.Response, StatusCodes.Status401Unauthorized);
        cookie.Events.OnRedirectToAccessDenied = static context => Answer(context.Response, StatusCodes.Status403Forbidden);
        cookie.Events.OnValidatePrincipal = static context =>
        {
            var services = context.HttpContext.RequestServices;
            if (context.Principal?.FindFirst(KeyClaim)?.Value is { } keyId
                && !services.GetRequiredService<AccessDirectory>().IsAlive(keyId))
            {
                context.RejectPrincipal();
            }

            return Task.CompletedTask;
        };
    }

    private static void Configure(OpenIdConnectOptions provider, CredentialOptions options)
    {
        provider.SignInScheme = Cookie;
        provider.Authority = options.Authority;
        provider.ClientId = options.ClientId;
        provider.ClientSecret = options.ClientSecret;
        provider.ResponseType = "code";

        // The browser comes back by a navigation, which brings along cookies that are lax. A post of the provider's page would be one
        // of another origin.
        provider.ResponseMode = "query";
        foreach (var cookie in new[] { provider.CorrelationCookie, provider.NonceCookie })
        {
            cookie.SameSite = SameSiteMode.Lax;
            cookie.SecurePolicy = CookieSecurePolicy.SameAsRequest;
        }

        provider.UsePkce = true;
        provider.MapInboundClaims = false;
        provider.GetClaimsFromUserInfoEndpoint = false;
        provider.SaveTokens = false;

        // Not five minutes: a provider that is back, or has new keys, is asked as often as for tokens.
        provider.RefreshInterval = KeySource.FewestBetween;
        provider.RequireHttpsMetadata = !CredentialOptionsValidator.IsOfThisMachine(options.Authority!);
        provider.TokenValidationParameters.NameClaimType = options.UserClaim;
        provider.TokenValidationParameters.RoleClaimType = options.RolesClaim;

        provider.Events.OnRemoteFailure = static context =>
        {
            FailSignIn(context.HttpContext, context.Failure);
            context.HandleResponse();
            return Task.CompletedTask;
        };

        // The provider's token ends soon; the session has an end of its own. Not when the token is found to be valid: afterwards the
        // claims that are about the token itself are deleted, whoever has added them.
        provider.Events.OnTicketReceived = context =>
        {
            var identity = (ClaimsIdentity)context.Principal!.Identity!;
            foreach (var claim in identity.FindAll(claim => IsOwn(claim, options)).ToArray())
            {
                identity.RemoveClaim(claim);
            }

            var now = context.HttpContext.RequestServices.GetRequiredService<TimeProvider>().GetUtcNow();
            identity.AddClaim(new Claim("iat", now.ToUnixTimeSeconds().ToString()));
            identity.AddClaim(new Claim("exp", (now + options.SessionLifetime).ToUnixTimeSeconds().ToString()));
            return Task.CompletedTask;
        };
    }

    // What sessions say themselves, a provider cannot say for them; a tenant only by the claim that is configured.
    private static bool IsOwn(Claim claim, CredentialOptions options)
        => claim.Type is "exp" or "iat" or "jti" or KeyClaim or PrincipalIdentity.AllTenantsClaim or PrincipalIdentity.UsersClaim
            || (claim.Type == PrincipalIdentity.TenantClaim && !options.HasTenants);

    private static Task Answer(HttpResponse response, int status)
    {
        response.StatusCode = status;
        return Task.CompletedTask;
    }
}

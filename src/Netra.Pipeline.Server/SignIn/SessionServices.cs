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
    /// <param name="tenantClaim">The claim that names the tenant.</param>
    /// <param name="tenantId">The tenant; empty for none.</param>
    /// <param name="userId">As whom it connects; null for an operator.</param>
    /// <param name="roles">What it may.</param>
    /// <param name="now">The time.</param>
    /// <param name="lifetime">How long it holds.</param>
    public static ClaimsPrincipal OfKey(
        ApiKey key,
        string tenantClaim,
        string tenantId,
        string? userId,
        IEnumerable<string> roles,
        DateTimeOffset now,
        TimeSpan lifetime)
    {
        var end = key.ExpiresAt is { } keyEnd && keyEnd < now + lifetime ? keyEnd : now + lifetime;
        return new ClaimsPrincipal(new ClaimsIdentity(
            [
                new Claim(tenantClaim, tenantId),
                new Claim(PrincipalIdentity.AllTenantsClaim, key.Users.IsOfEveryTenant ? key.Users.Tenant : string.Empty),
                new Claim("sub", userId ?? OperatorPrefix + key.Name),
                new Claim(KeyClaim, key.Id),
                new Claim("iat", now.ToUnixTimeSeconds().ToString()),
                new Claim("exp", end.ToUnixTimeSeconds().ToString()),
                .. roles.Select(static role => new Claim("roles", role)),
            ],
            Cookie));
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
        provider.RequireHttpsMetadata = !CredentialOptionsValidator.IsOfThisMachine(options.Authority!);
        provider.TokenValidationParameters.NameClaimType = options.UserClaim;
        provider.TokenValidationParameters.RoleClaimType = options.RolesClaim;

        // The reason is in the log; the page says that it did not work, and offers to try again.
        provider.Events.OnRemoteFailure = static context =>
        {
            var services = context.HttpContext.RequestServices;
            services.GetRequiredService<SecurityAudit>().SignInFailed(
                RequestPeer.Of(context.HttpContext), context.Failure?.Message ?? "without a reason");
            context.Response.Redirect($"{context.Request.PathBase}/?sign_in=failed");
            context.HandleResponse();
            return Task.CompletedTask;
        };

        // The provider's token ends soon; the session has an end of its own.
        provider.Events.OnTokenValidated = context =>
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
        => claim.Type is "exp" or "iat" or "jti" or KeyClaim or PrincipalIdentity.AllTenantsClaim
            || (claim.Type == PrincipalIdentity.TenantClaim && !options.HasTenants);

    private static Task Answer(HttpResponse response, int status)
    {
        response.StatusCode = status;
        return Task.CompletedTask;
    }
}

using System.Globalization;
using System.Security.Claims;
using Netra.Pipeline.Access;
using Netra.Pipeline.Connections;
using Netra.Pipeline.Contexts;
using Netra.Pipeline.Security.Tokens;

namespace Netra.Pipeline.Security.Credentials;

/// <summary>
/// Reads whom the host's own authentication has found, by a cookie or any other scheme of ASP.NET Core: the same claims as in tokens. Pure
/// functions.
/// </summary>
internal static class PrincipalIdentity
{
    /// <summary>The claim of a session that names the tenant, where no other is configured.</summary>
    public const string TenantClaim = "netra_tenant";

    /// <summary>The claim of a session whose rights are for the users of every tenant; its value is <c>*</c>.</summary>
    public const string AllTenantsClaim = "netra_tenants";

    /// <summary>The claim of a session whose rights are for some users only: their pattern, as the key has it.</summary>
    public const string UsersClaim = "netra_users";

    /// <summary>The claim that names the tenant.</summary>
    /// <param name="options">The names of claims.</param>
    public static string TenantClaimOf(CredentialOptions options) => options.HasTenants ? options.TenantClaim! : TenantClaim;

    /// <summary>What is known of an authenticated user.</summary>
    /// <param name="user">The user.</param>
    /// <param name="options">The names of claims.</param>
    public static VerifiedToken Read(ClaimsPrincipal user, CredentialOptions options)
    {
        var id = user.FindFirst(options.UserClaim)?.Value ?? user.FindFirst(ClaimTypes.NameIdentifier)?.Value;

        // An operator's session names nobody who could connect: whether it may is asked there.
        if (IdentifierRules.ProblemOf(id, options.UserClaim) is { } problem)
        {
            return VerifiedToken.Refuse($"The session's {problem}.");
        }

        var tenantId = user.FindFirst(TenantClaimOf(options))?.Value ?? string.Empty;
        if (IdentifierRules.ProblemOfTenant(tenantId) is { } tenantProblem)
        {
            return VerifiedToken.Refuse($"The session's {tenantProblem}.");
        }

        var isOfEveryTenant = user.HasClaim(AllTenantsClaim, IdentifierRules.AnyTenant);
        var tenants = tenantId.Length == 0 && isOfEveryTenant ? IdentifierRules.AnyTenant : tenantId;
        UserPattern? users = null;
        if (user.FindFirst(UsersClaim)?.Value is { } pattern
            && (users = UserPattern.TryParse(pattern, tenants, out var wrong)) is null)
        {
            return VerifiedToken.Refuse($"The session's users are no pattern: {wrong}.");
        }

        var roles = user.FindAll(options.RolesClaim).Concat(user.FindAll(ClaimTypes.Role)).Select(static claim => claim.Value);
        var identity = new ConnectionIdentity(id!)
        {
            TenantId = tenantId,
            ExpiresAt = TimeOf(user, "exp"),
            IssuedAt = TimeOf(user, "iat"),
            CredentialId = user.FindFirst("jti")?.Value,
        };
        return new VerifiedToken(identity, RoleNames.RightsOf(roles), Problem: null)
        {
            IsOfEveryTenant = isOfEveryTenant,
            Users = users,
        };
    }

    private static DateTimeOffset? TimeOf(ClaimsPrincipal user, string claim)
        => long.TryParse(user.FindFirst(claim)?.Value, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds)
            && seconds is > 0 and < 253_402_300_799
            ? DateTimeOffset.FromUnixTimeSeconds(seconds)
            : null;
}

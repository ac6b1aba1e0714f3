using Microsoft.AspNetCore.Http;

namespace Netra.Pipeline.Access;

/// <summary>Who sent a request, and what it may do. Kept with the request, where its handlers find it; one request's own.</summary>
/// <param name="rights">What it may do.</param>
/// <param name="users">For which users it may publish and read.</param>
/// <param name="ends">What fires when the credential has ended, or is revoked; null where nothing ends.</param>
internal sealed class Caller(AccessRights rights, UserPattern users, Func<CancellationToken>? ends = null)
{
    /// <summary>This machine in Development, or a caller whom the host itself lets in.</summary>
    public static readonly Caller Trusted = new(AccessRights.All, UserPattern.All);

    private CancellationToken? _ended;

    /// <summary>For which users it may publish and read.</summary>
    public UserPattern Users { get; } = users;

    /// <summary>
    /// Fires when the credential has ended, or is revoked: requests that are open for long end with it, and they alone ask for it.
    /// </summary>
    public CancellationToken Ended => _ended ??= ends?.Invoke() ?? CancellationToken.None;

    /// <summary>The caller of an admitted request.</summary>
    /// <exception cref="InvalidOperationException">The request was not admitted.</exception>
    public static Caller Of(HttpContext context)
        => context.Features.Get<Caller>() ?? throw new InvalidOperationException("The request was not admitted.");

    /// <summary>Whether it may do all of this.</summary>
    public bool May(AccessRights wanted) => (rights & wanted) == wanted;

    /// <summary>The tenant that is meant where the caller names none: its own; empty for none.</summary>
    public string TenantId => Users.OwnTenant;

    /// <summary>Whether it may do it for this user.</summary>
    /// <param name="userKey">The user's key.</param>
    public bool Covers(string userKey) => Users.Covers(userKey);
}

using Microsoft.AspNetCore.Http;

namespace Netra.Pipeline.Access;

/// <summary>Who sent a request, and what it may do. Kept with the request, where its handlers find it. Immutable.</summary>
/// <param name="Rights">What it may do.</param>
/// <param name="Users">For which users it may publish and read.</param>
/// <param name="Ended">Fires when the credential has ended, or is revoked: requests that are open for long end with it.</param>
internal sealed record Caller(AccessRights Rights, UserPattern Users, CancellationToken Ended = default)
{
    /// <summary>This machine in Development, or a caller whom the host itself lets in.</summary>
    public static readonly Caller Trusted = new(AccessRights.All, UserPattern.All);

    /// <summary>The caller of an admitted request.</summary>
    /// <exception cref="InvalidOperationException">The request was not admitted.</exception>
    public static Caller Of(HttpContext context)
        => context.Features.Get<Caller>() ?? throw new InvalidOperationException("The request was not admitted.");

    /// <summary>Whether it may do all of this.</summary>
    public bool May(AccessRights rights) => (Rights & rights) == rights;

    /// <summary>Whether it may do it for this user.</summary>
    public bool Covers(string userId) => Users.Covers(userId);
}

using System.Security.Claims;
using Microsoft.AspNetCore.Http;

namespace Netra.Pipeline.Http;

/// <summary>
/// The author of a request, as the host has authenticated it. An id belongs to one identity, for keys and logs; names are for people, and
/// several people may share one. Pure functions.
/// </summary>
internal static class RequestAuthor
{
    /// <summary>How many characters a name may have.</summary>
    public const int MaxChars = 128;

    private const string Nobody = "anonymous";

    // OpenID Connect's name, where the host does not map claims to the names of .NET.
    private const string Subject = "sub";

    /// <summary>The id; empty for a request without authentication.</summary>
    public static string IdOf(ClaimsPrincipal user) => Id(user) ?? user.Identity?.Name ?? string.Empty;

    /// <summary>
    /// The name of the author of a change (docs/protocol.md, section 11): the authenticated user's, or without authentication the one in
    /// the body.
    /// </summary>
    /// <param name="context">The request.</param>
    /// <param name="named">The name in the body, if there is one.</param>
    public static string NameOf(HttpContext context, string? named = null)
    {
        var user = context.User;
        var name = (user.Identity is { IsAuthenticated: true } identity ? identity.Name ?? Id(user) : null) ?? named ?? Nobody;
        return name.Length <= MaxChars ? name : name[..MaxChars];
    }

    private static string? Id(ClaimsPrincipal user) => user.FindFirst(ClaimTypes.NameIdentifier)?.Value ?? user.FindFirst(Subject)?.Value;
}

using System.Security.Claims;
using Microsoft.AspNetCore.Http;

namespace Netra.Pipeline.Http;

/// <summary>
/// Who sends a request, as the host has authenticated it. An id is the identity's own, for keys and logs; names are for people
/// and may be anybody's. Pure functions.
/// </summary>
internal static class RequestAuthor
{
    /// <summary>How many characters a name may have.</summary>
    public const int MaxChars = 128;

    private const string Nobody = "anonymous";

    // As OpenID Connect calls it, where the host does not map claims to the names of .NET.
    private const string Subject = "sub";

    /// <summary>The id; empty for nobody.</summary>
    public static string IdOf(ClaimsPrincipal user) => Id(user) ?? user.Identity?.Name ?? string.Empty;

    /// <summary>
    /// The name of who changes something (docs/protocol.md, section 11): whoever is authenticated, and where nobody
    /// is, whoever the body names.
    /// </summary>
    /// <param name="context">The request.</param>
    /// <param name="named">Whom the body names, if anybody.</param>
    public static string NameOf(HttpContext context, string? named = null)
    {
        var user = context.User;
        var name = (user.Identity is { IsAuthenticated: true } identity ? identity.Name ?? Id(user) : null) ?? named ?? Nobody;
        return name.Length <= MaxChars ? name : name[..MaxChars];
    }

    private static string? Id(ClaimsPrincipal user) => user.FindFirst(ClaimTypes.NameIdentifier)?.Value ?? user.FindFirst(Subject)?.Value;
}

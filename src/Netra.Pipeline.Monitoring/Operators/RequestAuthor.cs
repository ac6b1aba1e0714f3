using System.Security.Claims;
using Microsoft.AspNetCore.Http;

namespace Netra.Pipeline.Monitoring.Operators;

/// <summary>
/// Who changes or reads something (docs/protocol.md, section 11): whoever is authenticated, and where nobody is, whoever the body names.
/// </summary>
internal static class RequestAuthor
{
    /// <summary>How many characters an author may have.</summary>
    public const int MaxChars = 128;

    private const string Subject = "sub";
    private const string Nobody = "anonymous";

    /// <summary>The author of a request.</summary>
    /// <param name="context">The request.</param>
    /// <param name="named">Whom the body names, if anybody.</param>
    public static string Of(HttpContext context, string? named = null)
    {
        var user = context.User;
        var authenticated = user.Identity is { IsAuthenticated: true }
            ? user.Identity.Name ?? user.FindFirst(ClaimTypes.NameIdentifier)?.Value ?? user.FindFirst(Subject)?.Value
            : null;
        var author = authenticated ?? named ?? Nobody;
        return author.Length <= MaxChars ? author : author[..MaxChars];
    }
}

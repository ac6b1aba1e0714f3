using Microsoft.AspNetCore.Http;

namespace Netra.Pipeline.Http;

/// <summary>The user whom a route names.</summary>
internal static class RouteUser
{
    /// <summary>The value of <c>user_id</c>. The server hands on an escaped slash as it came, or it could not be told from one that parts segments.</summary>
    public static string Of(HttpContext context) => ((string)context.Request.RouteValues["user_id"]!).Replace("%2F", "/", StringComparison.OrdinalIgnoreCase);
}

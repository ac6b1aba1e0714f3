using Microsoft.AspNetCore.Http;

namespace Netra.Pipeline.Http;

/// <summary>The user whom a route names.</summary>
internal static class RouteUser
{
    /// <summary>The value of <c>user_id</c>.</summary>
    public static string Of(HttpContext context) => RouteSegment.Of(context, "user_id");
}

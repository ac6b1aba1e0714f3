using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;

namespace Netra.Pipeline.Edge;

/// <summary>Makes routes those of pages.</summary>
internal static class PageRoutes
{
    /// <summary>
    /// Gives routes their rules. A browser asks beforehand, by OPTIONS, whether a page of another origin may make a request: that goes to
    /// the route itself.
    /// </summary>
    public static RouteGroupBuilder ForPages(this RouteGroupBuilder routes, RouteRules rules)
    {
        ((IEndpointConventionBuilder)routes).Add(endpoint =>
        {
            endpoint.Metadata.Add(rules);
            if (endpoint.Metadata.OfType<HttpMethodMetadata>().LastOrDefault() is { } methods)
            {
                endpoint.Metadata.Add(new HttpMethodMetadata(methods.HttpMethods, acceptCorsPreflight: true));
            }
        });
        return routes;
    }
}

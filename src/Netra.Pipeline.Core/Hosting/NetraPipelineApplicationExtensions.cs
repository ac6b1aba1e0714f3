using Microsoft.Extensions.DependencyInjection;
using Netra.Pipeline.Edge;

// In the namespace where hosts look for it.
namespace Microsoft.AspNetCore.Builder;

/// <summary>Extends the pipeline's checks to the rest of a host.</summary>
public static class NetraPipelineApplicationExtensions
{
    /// <summary>
    /// Asks every request of this host what the pipeline's own routes ask by themselves: whether it names a host that this server is
    /// (<c>AllowedHosts</c>, in Development this machine), and, if it changes something, whether a page made it that may
    /// (<c>Netra:Http:AllowedOrigins</c>). For hosts that serve pages, or have routes of their own that need it.
    /// </summary>
    /// <param name="app">The host.</param>
    public static IApplicationBuilder UseNetraPipelineChecks(this IApplicationBuilder app)
    {
        ArgumentNullException.ThrowIfNull(app);
        return app.Use(static async (context, next) =>
        {
            if (await context.RequestServices.GetRequiredService<RequestGuard>().AdmitAsync(context))
            {
                await next(context);
            }
        });
    }
}

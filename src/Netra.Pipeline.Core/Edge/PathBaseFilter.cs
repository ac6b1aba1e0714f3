using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Options;

namespace Netra.Pipeline.Edge;

/// <summary>Serves every route of the host under <c>Netra:Http:PathBase</c> too, where one is set. Stateless.</summary>
internal sealed class PathBaseFilter(IOptions<HttpOptions> options) : IStartupFilter
{
    public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => app =>
    {
        if (options.Value.PathBase is { Length: > 0 } prefix)
        {
            app.UsePathBase(prefix);
        }

        next(app);
    };
}

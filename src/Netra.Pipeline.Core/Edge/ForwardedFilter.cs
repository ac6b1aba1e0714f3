using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;

namespace Netra.Pipeline.Edge;

/// <summary>Applies what trusted proxies say to every request of the host, before anything else looks at it. Stateless.</summary>
internal sealed class ForwardedFilter : IStartupFilter
{
    public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => app =>
    {
        // Not before: the host makes its filters before it checks its options.
        var forwarded = app.ApplicationServices.GetRequiredService<ForwardedRequests>();
        if (forwarded.IsOn)
        {
            app.Use((context, following) =>
            {
                forwarded.Apply(context);
                return following(context);
            });
        }

        next(app);
    };
}

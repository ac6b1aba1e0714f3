using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;

namespace Netra.Pipeline.WebSockets;

/// <summary>Has every request of a host say when it is under way. Stateless.</summary>
internal sealed class HttpSlotFilter : IStartupFilter
{
    public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => app =>
    {
        app.Use(static (context, following) => HttpSlot.ServeAsync(context, following));
        next(app);
    };
}

using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Netra.Pipeline.Edge;
using Netra.Pipeline.Hosting;
using Netra.Pipeline.Security.Keys;
using Netra.Pipeline.Security.Operators;

namespace Netra.Pipeline.Security.Hosting;

/// <summary>The loop and the routes of credentials. Stateless.</summary>
internal sealed class SecurityModule(IServiceProvider services) : PipelineModule
{
    // Opened with the log, so that a folder that cannot be used keeps the host from starting.
    public override void OnLogOpened() => _ = services.GetRequiredService<AccessDirectory>().Store;

    public override IEnumerable<BackgroundLoop> Loops()
        => [BackgroundLoop.Guard("access", services.GetRequiredService<AccessDirectory>().OnTick)];

    public override void Map(IEndpointRouteBuilder open, IEndpointRouteBuilder guarded)
    {
        TicketEndpoint.Map(open.MapGroup(string.Empty).ForPages(RouteRules.Page));
        KeyEndpoints.Map(guarded);
    }
}

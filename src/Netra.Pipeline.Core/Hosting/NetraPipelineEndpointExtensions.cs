using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Netra.Pipeline.Connections;
using Netra.Pipeline.Edge;
using Netra.Pipeline.EventStreams;
using Netra.Pipeline.Hosting;
using Netra.Pipeline.Publishing;
using Netra.Pipeline.Threads;
using Netra.Pipeline.WebSockets;

// In the namespace where hosts look for it.
namespace Microsoft.AspNetCore.Builder;

/// <summary>Maps the pipeline's endpoints.</summary>
public static class NetraPipelineEndpointExtensions
{
    /// <summary>
    /// Maps the WebSocket (its second door), its fallback <c>/v1/stream</c>, <c>/v1/threads</c>, <c>POST /v1/events</c> and
    /// <c>/v1/commands</c>. With monitoring: the operators' routes (<c>/v1/ledger</c>, <c>/v1/events/{id}/trace</c>,
    /// <c>/v1/users/{user_id}/undelivered</c>, <c>/v1/dead-letters</c>, <c>/monitoring/websocket</c>), <c>/livez</c>, <c>/readyz</c>,
    /// <c>/healthz</c> and <c>/health</c>, and the description of them all, <c>/openapi/v1.json</c>. With alerting: the alerts under
    /// <c>/monitoring/websocket</c>.
    /// </summary>
    /// <param name="endpoints">The host's endpoints.</param>
    /// <returns>
    /// Publishing and the operators' routes, so that the host can demand authorization for them:
    /// <c>MapNetraPipeline().RequireAuthorization()</c>.
    /// </returns>
    public static IEndpointConventionBuilder MapNetraPipeline(this IEndpointRouteBuilder endpoints)
    {
        ArgumentNullException.ThrowIfNull(endpoints);
        var own = endpoints.MapGroup(string.Empty);
        ((IEndpointConventionBuilder)own).Add(Claim);

        // Only the path is resolved here: anything created before the host starts would stop at the first invalid option instead of letting
        // all of them be named.
        var path = endpoints.ServiceProvider.GetRequiredService<IOptions<WebSocketDoorOptions>>().Value.Path;
        own.Map(path, static context => context.RequestServices.GetRequiredService<SecondDoor>().HandleAsync(context))
            .WithMetadata(RouteRules.WebSocket);
        EventStreamEndpoint.Map(own.MapGroup(string.Empty).ForPages(RouteRules.Stream));
        var pages = own.MapGroup(string.Empty).ForPages(RouteRules.Page);
        EventStreamPosts.Map(pages);
        ThreadEndpoints.Map(pages);

        // One group, so that what the host demands of it holds for every route: a caller that may publish may read what was published, and
        // the other way round.
        var guarded = own.MapGroup(string.Empty);
        PublishEndpoint.Map(guarded);
        AnswerEndpoint.Map(guarded);
        CommandEndpoints.Map(guarded);
        foreach (var module in endpoints.ServiceProvider.GetServices<PipelineModule>())
        {
            module.Map(own, guarded);
        }

        return guarded;
    }

    // Requests that the pipeline serves itself need not be waited for when the host stops; and they are asked where they come from.
    private static void Claim(EndpointBuilder endpoint)
    {
        if (endpoint.RequestDelegate is { } serve)
        {
            endpoint.RequestDelegate = async context =>
            {
                HttpSlot.Claim(context);
                var rules = context.GetEndpoint()?.Metadata.GetMetadata<RouteRules>();
                if (await context.RequestServices.GetRequiredService<RequestGuard>().AdmitAsync(context, rules))
                {
                    await serve(context);
                }
            };
        }
    }
}

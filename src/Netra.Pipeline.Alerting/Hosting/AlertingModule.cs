using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Netra.Pipeline.Alerting.Operators;
using Netra.Pipeline.Alerting.Trends;
using Netra.Pipeline.Failures;
using Netra.Pipeline.Hosting;
using Netra.Pipeline.Monitoring.Flow;

namespace Netra.Pipeline.Alerting.Hosting;

/// <summary>Alerting's store, loop and routes. Stateless.</summary>
internal sealed class AlertingModule(IServiceProvider services) : PipelineModule
{
    public override void OnStarting()
    {
        if (services.GetService<PipelineMonitor>() is null)
        {
            throw StartupVerificationException.WiringInvalid(
                new FailureScope("VerifyWiring"),
                ["alerting (AddAlerting) is there without monitoring (AddMonitoring), which measures what it judges"]);
        }
    }

    public override void OnLogOpened()
    {
        services.GetRequiredService<AlertCenter>().Open();
        services.GetRequiredService<TrendKeeper>().Open();
    }

    public override IEnumerable<BackgroundLoop> Loops() =>
    [
        BackgroundLoop.Serving("alerts", services.GetRequiredService<AlertCenter>().RunAsync),
        BackgroundLoop.Serving("trends", services.GetRequiredService<TrendKeeper>().RunAsync),
    ];

    public override async ValueTask EraseAsync(string userId, CancellationToken cancellationToken)
        => await services.GetRequiredService<AlertCenter>().EraseAsync(userId, cancellationToken);

    public override void Map(IEndpointRouteBuilder open, IEndpointRouteBuilder guarded)
    {
        AlertEndpoints.Map(guarded);
        AlertConfigurationEndpoints.Map(guarded);
    }
}

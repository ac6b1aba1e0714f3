using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Netra.Pipeline.Monitoring.Flow;

namespace Netra.Pipeline.Monitoring.Operators;

/// <summary><c>GET …/health</c> and <c>GET …/system/status</c> (docs/protocol.md, section 11): everything at a glance.</summary>
internal sealed class StatusEndpoints(HealthView health, SystemView system, AlertSink alerts)
{
    public static void Map(IEndpointRouteBuilder endpoints) => new OperatorRoutes<StatusEndpoints>(endpoints)
        .Get($"{MonitoringRoutes.Prefix}/health", "ReadHealth", static (self, _) => self.Health())
        .Get($"{MonitoringRoutes.Prefix}/system/status", "ReadStatus", static (self, _) => self.Status());

    private IResult Health() => JsonAnswer.Of(health.ForOperators(), MonitoringJson.Default.OperatorHealth);

    private IResult Status()
    {
        var shown = alerts.ShowAlerts();
        return JsonAnswer.Of(
            new SystemStatus(system.Read()) { Alerts = shown.Alerts, Channels = shown.Channels }, MonitoringJson.Default.SystemStatus);
    }
}

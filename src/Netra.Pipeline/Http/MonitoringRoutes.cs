namespace Netra.Pipeline.Http;

/// <summary>What the monitoring routes have in common.</summary>
internal static class MonitoringRoutes
{
    public const string Prefix = "/monitoring/websocket";
}

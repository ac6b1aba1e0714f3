namespace Netra.Pipeline.Monitoring.Operators;

/// <summary>What the routes under <c>/monitoring/websocket</c> have in common (docs/protocol.md, section 11).</summary>
internal static class MonitoringRoutes
{
    public const string Prefix = "/monitoring/websocket";

    /// <summary>How long a body may be that changes one thing.</summary>
    public const int MaxBodyBytes = 64 * 1024;

    /// <summary>How long a whole configuration may be.</summary>
    public const int MaxConfigurationBytes = 4 * 1024 * 1024;
}

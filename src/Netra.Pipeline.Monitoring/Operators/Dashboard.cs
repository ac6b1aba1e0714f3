namespace Netra.Pipeline.Monitoring.Operators;

/// <summary>The dashboards there are.</summary>
internal enum Dashboard
{
    /// <summary>Health and success.</summary>
    Executive,

    /// <summary>Everything live.</summary>
    Operations,

    /// <summary>One user.</summary>
    UserDiagnostics,

    /// <summary>Latency, throughput, trends and capacity.</summary>
    Performance,

    /// <summary>Alerts, their rules and whom they are told.</summary>
    Alerts,
}

/// <summary>The names of dashboards. Pure functions.</summary>
internal static class Dashboards
{
    private static readonly Dictionary<string, Dashboard> ByName =
        Enum.GetValues<Dashboard>().ToDictionary(NameOf, StringComparer.Ordinal);

    public static string Names { get; } = string.Join(", ", ByName.Keys);

    public static string NameOf(Dashboard dashboard) => dashboard switch
    {
        Dashboard.Executive => "websocket_executive",
        Dashboard.Operations => "websocket_operations",
        Dashboard.UserDiagnostics => "websocket_user_diagnostics",
        Dashboard.Performance => "websocket_performance",
        Dashboard.Alerts => "websocket_alerts",
        _ => throw new ArgumentOutOfRangeException(nameof(dashboard), dashboard, "not a defined dashboard"),
    };

    /// <summary>The dashboard of a name; null for none.</summary>
    public static Dashboard? Find(string name) => ByName.TryGetValue(name, out var dashboard) ? dashboard : null;
}

using System.Globalization;

namespace Netra.Pipeline.Tests.Monitoring.Harms;

/// <summary>How the catalogue is run, from the environment.</summary>
internal static class HarmSettings
{
    /// <summary>NETRA_HARM_FULL=1: default options, and causes of their full length.</summary>
    public static bool IsFull { get; } = Environment.GetEnvironmentVariable("NETRA_HARM_FULL") == "1";

    /// <summary>NETRA_HARM_ROWS: only rows whose names contain one of these, separated by commas.</summary>
    public static IReadOnlyList<string> Rows { get; } = (Environment.GetEnvironmentVariable("NETRA_HARM_ROWS") ?? "").Split(
        ',', StringSplitOptions.RemoveEmptyEntries);

    /// <summary>NETRA_HARM_SERVER: the Netra.Pipeline.Server.dll of another build.</summary>
    public static string Server { get; } = Environment.GetEnvironmentVariable("NETRA_HARM_SERVER")
        ?? Path.Combine(AppContext.BaseDirectory, "Netra.Pipeline.Server.dll");

    /// <summary>NETRA_HARM_REPORT: a file to which a line is added for each row that was run.</summary>
    public static string? Report { get; } = Environment.GetEnvironmentVariable("NETRA_HARM_REPORT");

    /// <summary>NETRA_HARM_LANES: how many rows are run beside each other.</summary>
    public static int Lanes { get; } = int.Parse(
        Environment.GetEnvironmentVariable("NETRA_HARM_LANES") ?? "5", CultureInfo.InvariantCulture);

    /// <summary>The times of a server for which everything goes some eight times as fast.</summary>
    public static IReadOnlyList<(string Key, string Value)> ShortIntervals { get; } =
    [
        ("Netra:Connections:PingInterval", "00:00:02"),
        ("Netra:Connections:PingTimeout", "00:00:02"),
        ("Netra:Connections:FrozenTimeout", "00:00:40"),
        ("Netra:Connections:StallTimeout", "00:00:04"),
        ("Netra:Connections:SilentFailureWindow", "00:00:08"),
        ("Netra:Delivery:FirstRetry", "00:00:02"),
        ("Netra:Delivery:MaxRetryPause", "00:00:10"),
        ("Netra:Monitoring:RunLease", "00:00:04"),
        ("Netra:Monitoring:MaxRunSilence", "00:00:15"),
        ("Netra:Monitoring:BrokenRequestLease", "00:00:01"),
        ("Netra:Monitoring:StuckToolAfter", "00:00:10"),
        ("Netra:Monitoring:HealthCheckInterval", "00:00:02"),
        ("Netra:Publish:StoreTimeout", "00:00:05"),
    ];
}

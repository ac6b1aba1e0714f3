using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using OpenTelemetry;
using OpenTelemetry.Exporter;

namespace Netra.Pipeline.LogFigures;

/// <summary>How much a server observes: everything, exported over OTLP, or as little as can be configured.</summary>
internal static class ServerObservation
{
    /// <summary>The argument of a server that observes nothing.</summary>
    public const string Off = "off";

    // Names and not the product's constants, so that an older product can be measured as well.
    private const string Meter = "Netra.Pipeline";
    private const string Source = "Netra.Pipeline";

    /// <summary>Applies it.</summary>
    /// <param name="builder">The server.</param>
    /// <param name="observation"><see cref="Off"/>, or where the exports go.</param>
    /// <returns>The exporter, to be disposed when the server ends; null when there is none.</returns>
    public static IDisposable? Apply(WebApplicationBuilder builder, string observation)
    {
        if (observation == Off)
        {
            builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>(StringComparer.Ordinal)
            {
                ["Netra:Monitoring:Enabled"] = "false",
                ["Netra:Alerting:Enabled"] = "false",
            });
            return null;
        }

        // More often than anybody exports, so that each measurement has its share of it.
        Environment.SetEnvironmentVariable("OTEL_METRIC_EXPORT_INTERVAL", "1000");
        Environment.SetEnvironmentVariable("OTEL_BSP_SCHEDULE_DELAY", "1000");
        return OpenTelemetrySdk.Create(otel => otel
            .UseOtlpExporter(OtlpExportProtocol.HttpProtobuf, new Uri(observation))
            .WithMetrics(static metrics => metrics.AddMeter(Meter))
            .WithTracing(static tracing => tracing.AddSource(Source)));
    }
}

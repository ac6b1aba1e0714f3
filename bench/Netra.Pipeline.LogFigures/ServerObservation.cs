using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using OpenTelemetry;
using OpenTelemetry.Exporter;
using OpenTelemetry.Metrics;

namespace Netra.Pipeline.LogFigures;

/// <summary>
/// How much a server observes: everything, with OpenTelemetry listening or exporting as well, or as little as can be configured.
/// </summary>
internal static class ServerObservation
{
    /// <summary>The argument of a server that observes nothing.</summary>
    public const string Off = "off";

    /// <summary>The argument of a server that observes nothing, and whose events belong to a trace of their publisher.</summary>
    public const string Traced = "traced";

    /// <summary>
    /// The argument of a server whose metrics are collected and whose spans are recorded, as OpenTelemetry does it,
    /// and that exports nothing.
    /// </summary>
    public const string Listened = "listened";

    // More often than anybody exports, so that each measurement has its share of it.
    private const int ExportMilliseconds = 1000;

    // Names and not the product's constants, so that an older product can be measured as well.
    private const string Meter = "Netra.Pipeline";
    private const string Source = "Netra.Pipeline";

    /// <summary>Applies it.</summary>
    /// <param name="builder">The server.</param>
    /// <param name="observation"><see cref="Off"/>, <see cref="Traced"/>, <see cref="Listened"/>, or where the exports go.</param>
    /// <returns>The listener, to be disposed when the server ends; null when there is none.</returns>
    public static IDisposable? Apply(WebApplicationBuilder builder, string observation)
    {
        if (observation is Off or Traced)
        {
            builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>(StringComparer.Ordinal)
            {
                ["Netra:Monitoring:Enabled"] = "false",
                ["Netra:Alerting:Enabled"] = "false",
            });
            return null;
        }

        if (observation == Listened)
        {
            return OpenTelemetrySdk.Create(static otel => otel
                .WithMetrics(static metrics =>
                    metrics.AddMeter(Meter).AddReader(new PeriodicExportingMetricReader(new NoMetricExport(), ExportMilliseconds)))
                .WithTracing(static tracing => tracing.AddSource(Source)));
        }

        var milliseconds = ExportMilliseconds.ToString(CultureInfo.InvariantCulture);
        Environment.SetEnvironmentVariable("OTEL_METRIC_EXPORT_INTERVAL", milliseconds);
        Environment.SetEnvironmentVariable("OTEL_BSP_SCHEDULE_DELAY", milliseconds);
        return OpenTelemetrySdk.Create(otel => otel
            .UseOtlpExporter(OtlpExportProtocol.HttpProtobuf, new Uri(observation))
            .WithMetrics(static metrics => metrics.AddMeter(Meter))
            .WithTracing(static tracing => tracing.AddSource(Source)));
    }
}

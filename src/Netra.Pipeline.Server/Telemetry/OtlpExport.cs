using System.Reflection;
using Netra.Pipeline.Telemetry;
using OpenTelemetry;
using OpenTelemetry.Logs;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace Netra.Pipeline.Server.Telemetry;

/// <summary>
/// Exports metrics, spans and log lines over OTLP, as the standard variables say (<c>OTEL_EXPORTER_OTLP_ENDPOINT</c> and the others); nothing without them. It starts before everything else and stops after it, so that what
/// starting and stopping says is exported too.
/// </summary>
internal sealed partial class OtlpExport : IHostedLifecycleService, IAsyncDisposable
{
    private const string ServiceName = "netra-pipeline";

    // A collector that hangs must not hold up the end: the process is to be gone within 5 s where nothing runs, all else included.
    private static readonly TimeSpan FlushTimeout = TimeSpan.FromSeconds(2);

    private readonly OpenTelemetrySdk _sdk;
    private readonly ExportSettings _settings;
    private readonly IServiceProvider _services;
    private bool _isFlushed;

    private OtlpExport(OpenTelemetrySdk sdk, ExportSettings settings, IServiceProvider services) => (_sdk, _settings, _services) = (sdk, settings, services);

    /// <summary>Adds the export to a host, if the variables ask for it. To be called before anything else is added.</summary>
    public static void AddTo(WebApplicationBuilder builder)
    {
        var settings = ExportSettings.Read(Environment.GetEnvironmentVariable);
        if (!settings.Any)
        {
            return;
        }

        var sdk = OpenTelemetrySdk.Create(otel => Configure(otel, settings));
        builder.Services.AddSingleton<ExportFailures>();
        builder.Services.AddSingleton<IHostedService>(services => new OtlpExport(sdk, settings, services));
        if (settings.Logs)
        {
            builder.Logging.AddProvider(new ForwardingLoggerProvider(sdk.GetLoggerFactory()));
        }
    }

    /// <inheritdoc/>
    public Task StartingAsync(CancellationToken cancellationToken)
    {
        // It hears the SDK from here on, until the container disposes of it.
        _services.GetRequiredService<ExportFailures>();
        Log.Started(_services.GetRequiredService<ILogger<OtlpExport>>(), _settings);
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task StoppedAsync(CancellationToken cancellationToken) => FlushAsync();

    /// <summary>A host that did not start is never stopped, and why it did not is in the last lines.</summary>
    public async ValueTask DisposeAsync() => await FlushAsync();

    // Called by the host and then by its container, one after the other.
    private async Task FlushAsync()
    {
        if (_isFlushed)
        {
            return;
        }

        _isFlushed = true;

        // Each blocks its thread until it is done, so the three have one each. What fails is heard by the listener.
        var timeout = (int)FlushTimeout.TotalMilliseconds;
        await Task.WhenAll(
            Task.Run(() => _sdk.TracerProvider.Shutdown(timeout), CancellationToken.None),
            Task.Run(() => _sdk.MeterProvider.Shutdown(timeout), CancellationToken.None),
            Task.Run(() => _sdk.LoggerProvider.Shutdown(timeout), CancellationToken.None));
        _sdk.Dispose();
    }

    private static void Configure(IOpenTelemetryBuilder otel, ExportSettings settings)
    {
        otel.Services.Configure<LoggerFilterOptions>(static filter => filter.MinLevel = LogLevel.Trace);
        otel.ConfigureResource(Describe)
            .UseOtlpExporter()
            .WithLogging(configureBuilder: null, static lines => (lines.IncludeScopes, lines.IncludeFormattedMessage, lines.ParseStateValues) = (true, true, true));

        // The exporter takes all three signals; one without a source sends nothing.
        if (settings.Metrics)
        {
            otel.WithMetrics(static metrics => metrics.AddMeter(PipelineMeter.Name, "Microsoft.AspNetCore.*", "System.Runtime", "System.Net.Http"));
        }

        if (settings.Traces)
        {
            otel.WithTracing(static tracing => tracing.AddSource(PipelineActivitySource.Name, "Microsoft.AspNetCore"));
        }
    }

    // The variables come last, so that OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES win.
    private static void Describe(ResourceBuilder resource) => resource
        .Clear()
        .AddService(ServiceName, serviceVersion: typeof(OtlpExport).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion)
        .AddTelemetrySdk()
        .AddEnvironmentVariableDetector();

    private static partial class Log
    {
        [LoggerMessage(ServerEventIds.ExportStarted, LogLevel.Information, "Telemetry is exported over OTLP: {Signals}", EventName = nameof(ServerEventIds.ExportStarted))]
        public static partial void Started(ILogger logger, ExportSettings signals);
    }
}

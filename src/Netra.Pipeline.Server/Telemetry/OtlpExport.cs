using System.Reflection;
using Netra.Pipeline.Diagnostics;
using OpenTelemetry;
using OpenTelemetry.Logs;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace Netra.Pipeline.Server.Telemetry;

/// <summary>
/// Exports metrics, spans and log lines over OTLP, as the standard variables say (<c>OTEL_EXPORTER_OTLP_ENDPOINT</c> and the others);
/// nothing without them. It starts before everything else and stops after it, so that what starting and stopping says is exported too.
/// </summary>
internal sealed partial class OtlpExport : IHostedLifecycleService, IAsyncDisposable
{
    private const string ServiceName = "netra-pipeline";

    // A collector that hangs must not hold up the end: the process is to be gone 3 s after DrainTimeout, all else included. So what there
    // is to be sent is sent while requests and loops end, and only what they say last after them.
    private static readonly TimeSpan FlushTimeout = TimeSpan.FromSeconds(1.75);

    // For what is said last, where the others have taken the time.
    private static readonly TimeSpan LastPatience = TimeSpan.FromMilliseconds(250);

    private readonly OpenTelemetrySdk _sdk;
    private readonly ExportSettings _settings;
    private readonly IServiceProvider _services;
    private readonly TimeProvider _time;
    private long? _stoppingSince;
    private bool _isShutDown;

    private OtlpExport(OpenTelemetrySdk sdk, ExportSettings settings, IServiceProvider services)
        => (_sdk, _settings, _services, _time) = (sdk, settings, services, services.GetRequiredService<TimeProvider>());

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
    public Task StoppingAsync(CancellationToken cancellationToken)
    {
        // Called after everybody else's: runs and pages are gone. What fails is heard by the listener.
        _stoppingSince = _time.GetTimestamp();
        _ = EachAsync(FlushTimeout, _sdk.TracerProvider.ForceFlush, _sdk.MeterProvider.ForceFlush, _sdk.LoggerProvider.ForceFlush);
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task StoppedAsync(CancellationToken cancellationToken) => ShutDownAsync();

    /// <summary>A host that did not start is never stopped, and why it did not is in the last lines.</summary>
    public async ValueTask DisposeAsync() => await ShutDownAsync();

    // Called by the host and then by its container, one after the other.
    private async Task ShutDownAsync()
    {
        if (_isShutDown)
        {
            return;
        }

        _isShutDown = true;
        var left = FlushTimeout - (_stoppingSince is { } since ? _time.GetElapsedTime(since) : TimeSpan.Zero);
        await EachAsync(
            left > LastPatience ? left : LastPatience,
            _sdk.TracerProvider.Shutdown,
            _sdk.MeterProvider.Shutdown,
            _sdk.LoggerProvider.Shutdown);
        _sdk.Dispose();
    }

    // Each blocks its thread until it is done, so the three have one each; not the pool's, which the stop needs.
    private static Task<bool[]> EachAsync(TimeSpan timeout, params IEnumerable<Func<int, bool>> signals) => Task.WhenAll(signals.Select(
        signal => Task.Factory.StartNew(
            () => signal((int)timeout.TotalMilliseconds), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default)));

    private static void Configure(IOpenTelemetryBuilder otel, ExportSettings settings)
    {
        otel.Services.Configure<LoggerFilterOptions>(static filter => filter.MinLevel = LogLevel.Trace);
        otel.ConfigureResource(Describe)
            .UseOtlpExporter()
            .WithLogging(
                configureBuilder: null,
                static lines => (lines.IncludeScopes, lines.IncludeFormattedMessage, lines.ParseStateValues) = (true, true, true));

        // The exporter takes all three signals; one without a source sends nothing.
        if (settings.Metrics)
        {
            otel.WithMetrics(
                static metrics => metrics.AddMeter(PipelineMeter.Name, "Microsoft.AspNetCore.*", "System.Runtime", "System.Net.Http"));
        }

        if (settings.Traces)
        {
            otel.WithTracing(static tracing => tracing.AddSource(PipelineActivitySource.Name, "Microsoft.AspNetCore"));
        }
    }

    // The variables come last, so that OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES win.
    private static void Describe(ResourceBuilder resource) => resource
        .Clear()
        .AddService(
            ServiceName,
            serviceVersion: typeof(OtlpExport).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion)
        .AddTelemetrySdk()
        .AddEnvironmentVariableDetector();

    private static partial class Log
    {
        [LoggerMessage(
            ServerEventIds.ExportStarted,
            LogLevel.Information,
            "Telemetry is exported over OTLP: {Signals}",
            EventName = nameof(ServerEventIds.ExportStarted))]
        public static partial void Started(ILogger logger, ExportSettings signals);
    }
}

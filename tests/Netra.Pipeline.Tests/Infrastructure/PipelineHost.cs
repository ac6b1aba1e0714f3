using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Netra.Pipeline.Agents;
using Netra.Pipeline.Alerting;
using Netra.Pipeline.Connections;
using Netra.Pipeline.Contexts;
using Netra.Pipeline.Emission;
using Netra.Pipeline.Failures;
using Netra.Pipeline.Gate;
using Netra.Pipeline.Hosting;
using Netra.Pipeline.Sqlite;
using Netra.Pipeline.Storage;
using Netra.Pipeline.Streams;

namespace Netra.Pipeline.Tests.Infrastructure;

/// <summary>A whole pipeline on real Kestrel and a port of the kernel's choice. Disposing stops it.</summary>
internal sealed class PipelineHost : IAsyncDisposable
{
    private readonly WebApplication _app;

    private readonly DirectoryInfo? _folder;

    private PipelineHost(WebApplication app, CapturingLoggerProvider logs, DirectoryInfo? folder)
        => (_app, Logs, _folder) = (app, logs, folder);

    public CapturingLoggerProvider Logs { get; }

    public IServiceProvider Services => _app.Services;

    public int Port => new Uri(_app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First()).Port;

    public Uri HttpAddress => new($"http://127.0.0.1:{Port}");

    public UserExecutionContextFactory Contexts => Services.GetRequiredService<UserExecutionContextFactory>();

    public EventEmitterFactory Emitters => Services.GetRequiredService<EventEmitterFactory>();

    public AgentRunner Runner => Services.GetRequiredService<AgentRunner>();

    public ConnectionRegistry Connections => Services.GetRequiredService<ConnectionRegistry>();

    public StreamRegistry Streams => Services.GetRequiredService<StreamRegistry>();

    public FailureFeed Failures => Services.GetRequiredService<FailureFeed>();

    public PipelineBridge Bridge => Services.GetRequiredService<PipelineBridge>();

    /// <summary>Starts a host.</summary>
    /// <param name="configure">Adds to the pipeline.</param>
    /// <param name="settings">Configuration, such as <c>("Netra:Connections:QueueFrames", "8")</c>.</param>
    /// <param name="time">The clock; the system's when null.</param>
    /// <param name="kestrel">Binds other listeners than the default one.</param>
    /// <param name="map">Maps further endpoints.</param>
    /// <param name="log">The log. The one on disk stores at the times of <paramref name="time"/>.</param>
    /// <param name="environment">The environment; outside Development the pipeline needs an authenticator.</param>
    public static async Task<PipelineHost> StartAsync(
        Action<NetraPipelineBuilder>? configure = null,
        IEnumerable<(string Key, string Value)>? settings = null,
        TimeProvider? time = null,
        Action<KestrelServerOptions>? kestrel = null,
        Action<WebApplication>? map = null,
        KindOfLog log = KindOfLog.Memory,
        string environment = "Development")
    {
        var folder = log == KindOfLog.Sqlite ? Directory.CreateTempSubdirectory("netra-host-") : null;
        if (folder is not null)
        {
            settings = [("Netra:DataDirectory", folder.FullName), .. settings ?? []];
            configure = (static pipeline => pipeline.UseEventLog<SqliteEventLog>()) + configure;
        }

        var (app, logs) = Build(configure, settings, time, kestrel, map, environment);
        await app.StartAsync();
        return new PipelineHost(app, logs, folder);
    }

    /// <summary>Builds the application without starting it, for tests of hosts that must not start.</summary>
    public static (WebApplication App, CapturingLoggerProvider Logs) Build(
        Action<NetraPipelineBuilder>? configure = null,
        IEnumerable<(string Key, string Value)>? settings = null,
        TimeProvider? time = null,
        Action<KestrelServerOptions>? kestrel = null,
        Action<WebApplication>? map = null,
        string environment = "Development")
    {
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { EnvironmentName = environment });

        // Most tests emit a few events that make no whole run, or let virtual time pass; those of monitoring switch it on.
        builder.Configuration["Netra:Monitoring:Enabled"] = "false";
        foreach (var (key, value) in settings ?? [])
        {
            builder.Configuration[key] = value;
        }

        var logs = new CapturingLoggerProvider();
        builder.Logging.ClearProviders().AddProvider(logs).SetMinimumLevel(LogLevel.Debug);

        // They follow events, and keep their streams loaded meanwhile.
        builder.Logging.AddFilter(Checkpoints.Category, LogLevel.Information);
        if (time is not null)
        {
            builder.Services.AddSingleton(time);
        }

        var pipeline = builder.Services.AddNetraPipeline().UseInMemoryEventLog();
        configure?.Invoke(pipeline);
        var eventLog = builder.Services.Last(static service => service.ServiceType == typeof(IEventLog)).ImplementationType;
        if (eventLog != typeof(SqliteEventLog) && eventLog != typeof(InMemoryEventLog))
        {
            // The logs that tests bring along keep events in memory, so their alerts are kept there as well.
            builder.Services.AddSingleton(new AlertStorage(Directory: null));
        }

        builder.WebHost.ConfigureKestrel(kestrel ?? (static options => options.Listen(IPAddress.Loopback, 0, static listener =>
        {
            listener.Protocols = HttpProtocols.Http1;
            listener.UseNetraPipeline();
        })));
        var app = builder.Build();
        app.MapNetraPipeline();
        map?.Invoke(app);
        return (app, logs);
    }

    public Uri SocketAddress(string userId, string more = "")
        => new($"ws://127.0.0.1:{Port}/ws?user_id={Uri.EscapeDataString(userId)}{more}");

    public ValueTask<EventEmitter> EmitterOfAsync(
        string userId, string threadId = "t1", string runId = "r1", EmitterOptions? options = null)
        => Emitters.CreateEmitterAsync(Contexts.Create(userId, threadId, runId), options);

    public Task StopAsync() => _app.StopAsync();

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync();
        await _app.DisposeAsync();
        _folder?.Delete(recursive: true);
    }
}

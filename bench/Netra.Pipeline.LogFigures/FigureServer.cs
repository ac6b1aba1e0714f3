using System.Diagnostics;
using System.Globalization;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Netra.Pipeline.Agents;
using Netra.Pipeline.Contexts;
using Netra.Pipeline.Diagnostics;
using Netra.Pipeline.Emission;

namespace Netra.Pipeline.LogFigures;

/// <summary>
/// The server's side: a whole pipeline on one of the logs, in a process of its own, so that its CPU time is its
/// own. It emits when it is asked to.
/// </summary>
internal static class FigureServer
{
    private const string DefaultQueue = "sqlite-default";
    private static readonly string Text = new('x', 60);

    public static async Task RunAsync(string kind, string folder, string? observation)
    {
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { EnvironmentName = "Development" });
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>(StringComparer.Ordinal)
        {
            ["Netra:DataDirectory"] = folder,
            ["Netra:Log:InMemory:RetainedBytes"] = "8589934592",
            ["Netra:Log:InMemory:MaxBytes"] = "17179869184",
        });
        if (kind != DefaultQueue)
        {
            builder.Configuration["Netra:Log:Sqlite:QueueEntries"] = "10000000";
            builder.Configuration["Netra:Log:Sqlite:QueueBytes"] = "8589934592";
        }

        using var export = observation is null ? null : ServerObservation.Apply(builder, observation);
        builder.Services.AddSingleton(
            new PublisherTrace(observation == ServerObservation.Traced ? new TraceContext(PublisherTrace.TraceParent) : null));
        builder.Logging.ClearProviders().AddSimpleConsole().SetMinimumLevel(LogLevel.Error);
        var pipeline = builder.Services.AddNetraPipeline().AddAgent<FigureAgent>().AddTool<FigureTool>();
        if (kind == "memory")
        {
            pipeline.UseInMemoryEventLog();
        }

        builder.WebHost.ConfigureKestrel(static kestrel => kestrel.Listen(IPAddress.Loopback, 0, static listener =>
        {
            listener.Protocols = HttpProtocols.Http1;
            listener.UseNetraPipeline();
        }));
        var app = builder.Build();
        app.MapNetraPipeline();
        app.MapGet("/figures/cpu", static () => Process.GetCurrentProcess().TotalProcessorTime.TotalMicroseconds);
        app.MapPost("/figures/burst", BurstAsync);
        app.MapPost("/figures/paced", PacedAsync);
        app.MapPost("/figures/runs", RunsAsync);
        app.MapPost("/figures/stop", Stop);
        await app.StartAsync();
        Console.WriteLine($"READY {app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First()}");
        await HostingAbstractionsHostExtensions.WaitForShutdownAsync(app);
    }

    private static void Stop(IHostApplicationLifetime lifetime) => lifetime.StopApplication();

    // As fast as the clients take it: an emitter waits where a queue is full.
    private static async Task<long> BurstAsync(
        EventEmitterFactory emitters,
        UserExecutionContextFactory contexts,
        PublisherTrace publisher,
        int users,
        int events,
        bool wait,
        bool stamp = false,
        int? characters = null)
    {
        var text = characters is { } length ? new string('x', length) : Text;
        await Task.WhenAll(Enumerable.Range(0, users).Select(user => Task.Run(async () =>
        {
            await using var emitter = await emitters.CreateEmitterAsync(
                contexts.Create($"user-{user}", "t", "r", trace: publisher.Trace),
                new EmitterOptions
                {
                    Overflow = wait ? OverflowBehavior.Wait : OverflowBehavior.Report,
                    WaitTimeout = TimeSpan.FromMinutes(1),
                });
            for (var i = 0; i < events; i++)
            {
                await emitter.TokenAsync(stamp ? Stamped() : text);
            }
        })));
        return (long)users * events;
    }

    // As long as the other text: when it was said, for the client to read.
    private static string Stamped() => TimeProvider.System.GetTimestamp().ToString(CultureInfo.InvariantCulture).PadRight(Text.Length, 'x');

    // The runner never waits for a connection, so every few runs one does itself: queues do not overflow.
    private static async Task<long> RunsAsync(
        AgentRunner runner, UserExecutionContextFactory contexts, PublisherTrace publisher, int users, int runs, int pause)
    {
        const int RunsInQueue = 8;
        await Task.WhenAll(Enumerable.Range(0, users).Select(user => Task.Run(async () =>
        {
            // The request's trace is not recorded, and what belongs to it would not be either.
            Activity.Current = null;

            // Not all at the same moment.
            await Task.Delay(TimeSpan.FromMilliseconds((double)pause * user / users), TimeProvider.System);
            for (var run = 0; run < runs; run++)
            {
                var input = pause == 0 && run % RunsInQueue == RunsInQueue - 1
                    ? FigureAgent.Wait
                    : pause.ToString(CultureInfo.InvariantCulture);
                await runner.RunAsync(
                    FigureAgent.AgentName,
                    input,
                    contexts.Create($"user-{user}", "t", Guid.NewGuid().ToString("N"), trace: publisher.Trace));
            }
        })));
        return (long)users * runs * FigureAgent.EventsPerRun;
    }

    private static async Task<long> PacedAsync(
        EventEmitterFactory emitters, UserExecutionContextFactory contexts, int users, int rate, int seconds)
    {
        var open = new EventEmitter[users];
        for (var user = 0; user < users; user++)
        {
            open[user] = await emitters.CreateEmitterAsync(
                contexts.Create($"user-{user}", "t", "r"), new EmitterOptions { Overflow = OverflowBehavior.Report });
        }

        // Each tick emits for the next part of the users, so that the load is even.
        const int TicksPerSecond = 200;
        var perTick = users * rate / TicksPerSecond;
        var next = 0;
        var emitted = 0L;
        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(1.0 / TicksPerSecond), TimeProvider.System);
        var begun = TimeProvider.System.GetTimestamp();
        while (TimeProvider.System.GetElapsedTime(begun) < TimeSpan.FromSeconds(seconds))
        {
            await timer.WaitForNextTickAsync();
            var due = (long)(TimeProvider.System.GetElapsedTime(begun).TotalSeconds * TicksPerSecond) * perTick;
            for (; emitted < due; emitted++)
            {
                await open[next].TokenAsync(Text);
                next = (next + 1) % users;
            }
        }

        foreach (var emitter in open)
        {
            await emitter.DisposeAsync();
        }

        return emitted;
    }
}

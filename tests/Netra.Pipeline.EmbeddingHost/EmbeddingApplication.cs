using System.Net;
using Microsoft.AspNetCore.Diagnostics.HealthChecks;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Netra.Pipeline.Agents;
using Netra.Pipeline.Contexts;
using Netra.Pipeline.Emission;
using OpenTelemetry;

namespace Netra.Pipeline.EmbeddingHost;

/// <summary>An ordinary ASP.NET Core application that has the pipeline inside, beside endpoints of its own.</summary>
public static class EmbeddingApplication
{
    public static WebApplication Build(string[] args, IPAddress address)
    {
        var builder = WebApplication.CreateBuilder(args);
        builder.Services.AddNetraPipeline()
            .AddAgent<GreeterAgent>()               // IAgent: yields text, thinks, calls tools, delegates
            .AddTool<ReverseTool>()                 // ITool
            .AddMessageHandler<GreeterMessages>()   // IClientMessageHandler: what pages send
            .AddNotifier<DeskNotifier>()            // INotifier: a channel for alerts; escalation policies call it by its name
            .AddObserver<RunCounter>();             // IPipelineObserver: is told of lifecycle events, connections and failures

        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(address, 0, listener =>
        {
            listener.Protocols = HttpProtocols.Http1;
            listener.UseNetraPipeline();            // the fast door: WebSockets at connection level, after UseHttps, before HTTP
        }));

        builder.Services.AddOpenTelemetry()
            .WithMetrics(static metrics => metrics.AddMeter("Netra.Pipeline"))
            .WithTracing(static traces => traces.AddSource("Netra.Pipeline"));
        if (builder.Configuration["OTEL_EXPORTER_OTLP_ENDPOINT"] is not null)
        {
            builder.Services.AddOpenTelemetry().UseOtlpExporter();
        }

        var app = builder.Build();
        app.MapGet("/hello", () => "hello");
        app.MapPost("/greet/{user}", GreetAsync);
        app.MapPost("/note/{user}", NoteAsync);
        app.MapHealthChecks("/healthchecks", new HealthCheckOptions { Predicate = static check => check.Tags.Contains("netra") });

        // The second door, WebSockets over HTTP; /v1/stream; POST /v1/events; the ledger; /monitoring/websocket; /health, /livez, /readyz.
        app.MapNetraPipeline();
        return app;
    }

    // A run of an agent, from an endpoint of the application.
    private static async Task<string> GreetAsync(
        string user, AgentRunner runner, UserExecutionContextFactory contexts, CancellationToken cancellationToken)
        => await runner.RunAsync(
            GreeterAgent.AgentName,
            user,
            contexts.Create(user, "greetings", Guid.NewGuid().ToString()),
            cancellationToken: cancellationToken);

    // Events without an agent.
    private static async Task<object> NoteAsync(
        string user, EventEmitterFactory emitters, UserExecutionContextFactory contexts, CancellationToken cancellationToken)
    {
        await using var emitter = await emitters.CreateEmitterAsync(
            contexts.Create(user, "notes", Guid.NewGuid().ToString()), cancellationToken: cancellationToken);
        await emitter.AgentStartedAsync("notes", cancellationToken: cancellationToken);
        var receipt = await emitter.AgentCompletedAsync("notes", cancellationToken: cancellationToken);
        var (id, seq, _) = await receipt.WhenStoredAsync(cancellationToken);
        return new { id, seq };
    }
}

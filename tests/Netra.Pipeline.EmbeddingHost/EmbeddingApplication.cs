using System.Net;
using Netra.Pipeline.Agents;
using Netra.Pipeline.Contexts;
using Netra.Pipeline.Emission;

namespace Netra.Pipeline.EmbeddingHost;

/// <summary>An ordinary ASP.NET Core application that has the pipeline inside, beside endpoints of its own.</summary>
public static class EmbeddingApplication
{
    public static WebApplication Build(string[] args, IPAddress address)
    {
        var builder = WebApplication.CreateBuilder(args);
        builder.Services.AddNetraPipeline()
            .AddAgent<GreeterAgent>()
            .AddTool<ReverseTool>()
            .AddMessageHandler<GreeterMessages>();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(address, 0, listener =>
        {
            listener.Protocols = Microsoft.AspNetCore.Server.Kestrel.Core.HttpProtocols.Http1;
            listener.UseNetraPipeline();
        }));

        var app = builder.Build();
        app.MapGet("/hello", () => "hello");
        app.MapPost("/greet/{user}", GreetAsync);
        app.MapPost("/note/{user}", NoteAsync);
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

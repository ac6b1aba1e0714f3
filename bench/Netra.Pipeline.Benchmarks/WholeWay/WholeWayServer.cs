using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Netra.Pipeline.Benchmarks.Infrastructure;
using Netra.Pipeline.Contexts;
using Netra.Pipeline.Emission;

namespace Netra.Pipeline.Benchmarks.WholeWay;

/// <summary>A whole pipeline with its defaults, in this process: Kestrel on a loopback port, the SQLite log, monitoring.</summary>
internal sealed class WholeWayServer : IAsyncDisposable
{
    private readonly TemporaryFolder _folder;
    private readonly WebApplication _app;

    private WholeWayServer(TemporaryFolder folder, WebApplication app) => (_folder, _app) = (folder, app);

    public int Port => new Uri(_app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First()).Port;

    public static async Task<WholeWayServer> StartAsync()
    {
        var folder = new TemporaryFolder();
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { EnvironmentName = "Development" });
        builder.Configuration["Netra:DataDirectory"] = folder.Path;
        builder.Logging.ClearProviders().AddSimpleConsole().SetMinimumLevel(LogLevel.Error);
        builder.Services.AddNetraPipeline();
        builder.WebHost.ConfigureKestrel(static kestrel => kestrel.Listen(IPAddress.Loopback, 0, static listener =>
        {
            listener.Protocols = HttpProtocols.Http1;
            listener.UseNetraPipeline();
        }));
        var app = builder.Build();
        app.MapNetraPipeline();
        await app.StartAsync();
        return new WholeWayServer(folder, app);
    }

    public ValueTask<EventEmitter> EmitterAsync(string userId)
    {
        var context = _app.Services.GetRequiredService<UserExecutionContextFactory>().Create(userId, "thread-7", "run-19");
        return _app.Services.GetRequiredService<EventEmitterFactory>().CreateEmitterAsync(
            context, new EmitterOptions { Overflow = OverflowBehavior.Wait });
    }

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync();
        await _app.DisposeAsync();
        _folder.Dispose();
    }
}

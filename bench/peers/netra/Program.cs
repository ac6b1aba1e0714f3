using Microsoft.AspNetCore.Server.Kestrel.Core;
using Netra.Pipeline.Gate;
using Netra.Pipeline.Peers;
using Netra.Pipeline.Peers.Netra;

// Development: who connects says who it is.
var folder = Directory.CreateTempSubdirectory("netra-peer-");
try
{
    var builder = PeerHost.Create(args, "Development", static listener =>
    {
        listener.Protocols = HttpProtocols.Http1;
        listener.UseNetraPipeline();
    });
    builder.Configuration["Netra:DataDirectory"] = folder.FullName;
    var pipeline = builder.Services.AddNetraPipeline();
    if (builder.Configuration.GetValue<long>("events") > 0)
    {
        builder.Services.AddSingleton<UserPresence>().AddHostedService<UserSeries>();
        pipeline.AddObserver<PresenceObserver>();
    }

    await using var app = builder.Build();
    app.MapNetraPipeline();

    // It listens a moment before it takes connections: whoever is answered can connect.
    app.MapGet("/", static async (PipelineBridge bridge, CancellationToken cancellationToken) =>
    {
        while (bridge.State != BridgeState.Ready)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(10), TimeProvider.System, cancellationToken);
        }

        return "netra";
    });
    await app.RunAsync();
}
finally
{
    folder.Delete(recursive: true);
}

using System.Net;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Netra.Pipeline.CostHost;

// The whole pipeline with its default options, in a process that does nothing else: what it allocates and calls is the pipeline's.
var builder = WebApplication.CreateBuilder(args);
builder.Logging.SetMinimumLevel(LogLevel.Warning).AddFilter("Microsoft.Hosting.Lifetime", LogLevel.Information);
builder.Services.AddNetraPipeline();
builder.Services.AddSingleton<TokenLoad>();
builder.WebHost.ConfigureKestrel(static kestrel => kestrel.Listen(IPAddress.Loopback, 0, static listener =>
{
    listener.Protocols = HttpProtocols.Http1;
    listener.UseNetraPipeline();
}));
var app = builder.Build();
app.MapNetraPipeline();
app.MapPost("/tokens", static (TokenLoad load, int users, int events, int interval) => load.EmitAsync(users, events, interval));
app.MapGet("/allocated", static () => GC.GetTotalAllocatedBytes(precise: true));
app.MapGet("/live", MemoryInUse.Measure);
await app.RunAsync();

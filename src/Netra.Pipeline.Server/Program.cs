using System.Diagnostics.Metrics;
using Microsoft.AspNetCore.HostFiltering;
using Netra.Pipeline.Server;
using Netra.Pipeline.Server.CommandLine;
using Netra.Pipeline.Server.Demo;
using Netra.Pipeline.Server.Listening;
using Netra.Pipeline.Server.Memory;
using Netra.Pipeline.Server.SignIn;
using Netra.Pipeline.Server.Telemetry;

if (ServerCommandLine.IsCommand(args))
{
    return await ServerCommandLine.RunAsync(args);
}

using var output = ConsoleOutput.Take();
return await StartFailures.RunAsync(() =>
{
    StartHandles.Ensure();

    // What the server needs lies beside it, wherever it is started from.
    var builder = WebApplication.CreateBuilder(new WebApplicationOptions { Args = args, ContentRootPath = AppContext.BaseDirectory });
    output.Configure(builder.Configuration);
    LogFormat.Apply(builder);
    OtlpExport.AddTo(builder);
    ListeningServices.Add(builder.Services);
    builder.Services.AddNetraPipeline().AddDemo();
    SessionServices.Add(builder.Services, builder.Configuration);

    // UseNetraPipelineChecks does its work, behind proxies too, and says which key it is.
    builder.Services.Configure<HostFilteringOptions>(static filter => filter.AllowedHosts = ["*"]);
    builder.Services.AddHostedService(static provider => new IdleMemory(
        MemorySample.Read,
        static () => GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true),
        provider.GetRequiredService<ILogger<IdleMemory>>(),
        provider.GetRequiredService<TimeProvider>()));
    builder.WebHost.ConfigureKestrel(kestrel => ServerEndpoints.Bind(kestrel, builder.Configuration));
    var app = builder.Build();
    output.TellOf(app.Services.GetRequiredService<ILoggerFactory>(), app.Services.GetRequiredService<IMeterFactory>());
    app.Use(RequestSpans.DescribeAsync);
    app.Use(PageHeaders.SetAsync);
    app.UseNetraPipelineChecks();
    Pages.Use(app, Path.Combine(AppContext.BaseDirectory, "wwwroot"));
    app.UseAuthentication();
    SessionEndpoints.Map(app);
    app.MapNetraPipeline();
    return app;
});

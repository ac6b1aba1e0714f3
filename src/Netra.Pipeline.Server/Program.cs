using Microsoft.Extensions.FileProviders;
using Netra.Pipeline.Server;
using Netra.Pipeline.Server.Demo;

// What the server needs lies beside it, wherever it is started from.
var builder = WebApplication.CreateBuilder(new WebApplicationOptions { Args = args, ContentRootPath = AppContext.BaseDirectory });
builder.Services.AddNetraPipeline().AddDemo();
builder.WebHost.ConfigureKestrel(kestrel => ServerEndpoints.Bind(kestrel, builder.Configuration));

return await StartFailures.RunAsync(() =>
{
    var app = builder.Build();
    var page = new PhysicalFileProvider(Path.Combine(AppContext.BaseDirectory, "wwwroot"));
    app.UseDefaultFiles(new DefaultFilesOptions { FileProvider = page });
    app.UseStaticFiles(new StaticFileOptions { FileProvider = page });
    app.MapNetraPipeline();
    return app;
});

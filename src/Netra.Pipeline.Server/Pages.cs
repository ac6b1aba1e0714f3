using Microsoft.Extensions.FileProviders;
using Netra.Pipeline.Server.Telemetry;

namespace Netra.Pipeline.Server;

/// <summary>
/// The pages of the standalone server, which its build has put beside it. One that was built without them runs all the same, and says so in
/// its log and to whoever asks for the page. Stateless.
/// </summary>
internal static partial class Pages
{
    private const string Missing = "The pages are missing: this server was built without Node.js, or with -p:BuildWebApp=false. "
        + "Everything else is served. To have them, build it where Node.js 20.19 or later is (https://nodejs.org).";

    /// <summary>Serves them.</summary>
    /// <param name="app">The server.</param>
    /// <param name="folder">Where they are, if they are anywhere.</param>
    public static void Use(WebApplication app, string folder)
    {
        if (!File.Exists(Path.Combine(folder, "index.html")))
        {
            PagesMissing(app.Services.GetRequiredService<ILoggerFactory>().CreateLogger(typeof(Pages)), folder);
            foreach (var page in new[] { "/", "/dashboards/{**page}" })
            {
                app.MapGet(page, static () => Results.Text(Missing, statusCode: StatusCodes.Status404NotFound)).AllowAnonymous();
            }

            return;
        }

        var files = new PhysicalFileProvider(folder);
        app.Use(DashboardPages.FindAsync);
        app.UseDefaultFiles(new DefaultFilesOptions { FileProvider = files });
        app.UseStaticFiles(new StaticFileOptions { FileProvider = files });
    }

    [LoggerMessage(
        ServerEventIds.PagesMissing,
        LogLevel.Warning,
        "The pages are missing: {Folder} has no index.html. This server was built without Node.js, or with -p:BuildWebApp=false; "
            + "everything else is served",
        EventName = nameof(ServerEventIds.PagesMissing))]
    private static partial void PagesMissing(ILogger logger, string folder);
}

using System.Net;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Netra.Pipeline.Server;
using Netra.Pipeline.Server.Telemetry;
using Netra.Pipeline.Tests.Infrastructure;
using Netra.Pipeline.Tests.Packages;

namespace Netra.Pipeline.Tests.Server;

/// <summary>The pages of the server, where they were built and where they were not.</summary>
[TestFixture]
internal sealed partial class PagesTests
{
    [Test]
    public async Task Pages_Missing_AreSaidToBeInTheLogAndToWhoeverAsks()
    {
        var folder = Directory.CreateTempSubdirectory("netra-pages-");
        try
        {
            var (status, text, logs) = await AskAsync(folder.FullName);

            Assert.That(status, Is.EqualTo(HttpStatusCode.NotFound));
            Assert.That(text, Does.Contain("The pages are missing").And.Contains("Node.js 20.19"));
            Assert.That(logs.Logs.Where(static log => log.EventId.Id == ServerEventIds.PagesMissing), Has.Exactly(1).Items);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Test]
    public async Task Pages_ThatAreThere_AreServedWithoutAWord()
    {
        var folder = Directory.CreateTempSubdirectory("netra-pages-");
        try
        {
            await File.WriteAllTextAsync(Path.Combine(folder.FullName, "index.html"), "<title>Netra</title>");
            var (status, text, logs) = await AskAsync(folder.FullName);

            Assert.That((status, text), Is.EqualTo((HttpStatusCode.OK, "<title>Netra</title>")));
            Assert.That(logs.Logs.Where(static log => log.EventId.Id == ServerEventIds.PagesMissing), Is.Empty);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [TestCase("/dashboards", "index")]
    [TestCase("/dashboards/", "index")]
    [TestCase("/dashboards/websocket_alerts", "alerts")]
    [TestCase("/dashboards/websocket_nothing", "")]
    [TestCase("/dashboards/websocket_alerts/more", "")]
    public async Task Dashboards_ByTheirAddresses_AreServedWithoutAnEnding(string address, string page)
    {
        var folder = Directory.CreateTempSubdirectory("netra-pages-");
        try
        {
            await File.WriteAllTextAsync(Path.Combine(folder.FullName, "index.html"), "chat");
            await File.WriteAllTextAsync(Path.Combine(folder.FullName, "dashboards.html"), "index");
            await File.WriteAllTextAsync(
                Path.Combine(folder.CreateSubdirectory("dashboards").FullName, "websocket_alerts.html"), "alerts");
            var (status, text, _) = await AskAsync(folder.FullName, address);

            Assert.That((status, text), Is.EqualTo((page.Length == 0 ? HttpStatusCode.NotFound : HttpStatusCode.OK, page)));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Test]
    public async Task Publish_PagesAreBuilt_ContainsThem()
    {
        if (!File.Exists(Path.Combine(AppContext.BaseDirectory, "wwwroot", "index.html")))
        {
            Assert.Ignore("The pages are not built: that takes Node.js.");
        }

        var folder = Directory.CreateTempSubdirectory("netra-published-");
        await using var data = new ServerFolder();
        try
        {
            await PublishAsync(folder.FullName);
            await using var server = ServerProcess.Start(
                ["dotnet", Path.Combine(folder.FullName, "Netra.Pipeline.Server.dll")], "Development", [], data.Argument);
            using var http = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{await server.WhenListeningAsync()}") };
            var page = await http.GetStringAsync(new Uri("/", UriKind.Relative));
            var script = Script().Match(page).Groups["address"].Value;

            Assert.That(script, Is.Not.Empty, page);
            foreach (var address in new[] { script, "dashboards", "dashboards/websocket_alerts" })
            {
                using var answer = await http.GetAsync(new Uri(address, UriKind.Relative));
                Assert.That(answer.StatusCode, Is.EqualTo(HttpStatusCode.OK), address);
            }
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    // What these tests were built with is what is published.
    private static async Task PublishAsync(string folder)
    {
        var configuration = new DirectoryInfo(AppContext.BaseDirectory).Name == "release" ? "Release" : "Debug";
        await PackageFeed.RunAsync(
            folder, "dotnet", "publish", Repository.PathOf("src/Netra.Pipeline.Server"), "--no-build", "--configuration", configuration,
            "--output", folder, "-nologo");
    }

    private static async Task<(HttpStatusCode Status, string Text, CapturingLoggerProvider Logs)> AskAsync(
        string folder, string address = "/")
    {
        var logs = new CapturingLoggerProvider();
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.AddProvider(logs);
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        await using var app = builder.Build();
        Pages.Use(app, folder);
        await app.StartAsync();
        var root = app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();
        using var http = new HttpClient { BaseAddress = new Uri(root), Timeout = TestClient.Patience };
        using var answer = await http.GetAsync(address);
        return (answer.StatusCode, await answer.Content.ReadAsStringAsync(), logs);
    }

    [GeneratedRegex("<script type=\"module\"[^>]* src=\"(?<address>[^\"]+)\"", RegexOptions.ExplicitCapture)]
    private static partial Regex Script();
}

using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Netra.Pipeline.Server;
using Netra.Pipeline.Server.Telemetry;
using Netra.Pipeline.Tests.Infrastructure;

namespace Netra.Pipeline.Tests.Server;

/// <summary>The pages of the server, where they were built and where they were not.</summary>
[TestFixture]
internal sealed class PagesTests
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
}

using System.Net;
using System.Text.Json;
using Netra.Pipeline.Tests.Infrastructure;

namespace Netra.Pipeline.Tests.Monitoring.Operators;

[TestFixture]
[Parallelizable(ParallelScope.All)]
internal sealed class HealthEndpointsTests
{
    [Test]
    public async Task Probes_PipelineReady_AreAllWell()
    {
        await using var host = await PipelineHost.StartAsync();
        await using var page = await TestClient.ConnectAsync(host.SocketAddress("ada"));
        using var http = host.CreateClient();

        Assert.That(await GetAsync(http, "/livez"), Is.EqualTo((HttpStatusCode.OK, """{"status":"alive"}""")));
        Assert.That(await GetAsync(http, "/readyz"), Is.EqualTo((HttpStatusCode.OK, """{"status":"ready","state":"ready"}""")));
        var (status, body) = await GetAsync(http, "/healthz");
        var health = JsonElement.Parse(body);
        Assert.That((status, health.Text("status"), health.Text("state")), Is.EqualTo((HttpStatusCode.OK, "healthy", "ready")));
        Assert.That(
            (
                health.GetProperty("connections").GetInt32(),
                health.GetProperty("open_runs").GetInt32(),
                health.GetProperty("loaded_streams").GetInt32()),
            Is.EqualTo((1, 0, host.Streams.Count)));
    }

    [Test]
    public async Task Probes_PipelineNotReady_SayWhyButTheProcessLives()
    {
        await using var host = await PipelineHost.StartAsync();
        using var http = host.CreateClient();

        host.Bridge.BeginInitializing();
        await ShouldNotBeReadyAsync(http, "initializing", "verifies itself");
        await host.Bridge.BeginDraining();
        await ShouldNotBeReadyAsync(http, "draining", "takes no new connections");
        host.Bridge.Fail("the disk is gone");
        await ShouldNotBeReadyAsync(http, "failed", "the disk is gone");
        Assert.That((await GetAsync(http, "/livez")).Status, Is.EqualTo(HttpStatusCode.OK));
    }

    [Test]
    public async Task Probes_AskedForTheHeadOnly_Answer()
    {
        await using var host = await PipelineHost.StartAsync();
        using var http = host.CreateClient();
        using var request = new HttpRequestMessage(HttpMethod.Head, "/readyz");

        using var response = await http.SendAsync(request);

        Assert.That(response.StatusCode, Is.EqualTo(HttpStatusCode.OK));
        Assert.That(response.Headers.CacheControl?.NoStore, Is.True);
    }

    private static async Task ShouldNotBeReadyAsync(HttpClient http, string state, string reason)
    {
        foreach (var path in new[] { "/readyz", "/healthz" })
        {
            var (status, body) = await GetAsync(http, path);
            Assert.That(status, Is.EqualTo(HttpStatusCode.ServiceUnavailable));
            Assert.That(JsonElement.Parse(body).Text("state"), Is.EqualTo(state));
            Assert.That(JsonElement.Parse(body).Text("reason"), Does.Contain(reason));
        }
    }

    private static async Task<(HttpStatusCode Status, string Body)> GetAsync(HttpClient http, string path)
    {
        using var response = await http.GetAsync(path);
        return (response.StatusCode, await response.Content.ReadAsStringAsync());
    }
}

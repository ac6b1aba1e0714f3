using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Netra.Pipeline.EmbeddingHost;
using Netra.Pipeline.Events;
using Netra.Pipeline.Protocol;
using Netra.Pipeline.Tests.Infrastructure;
using Netra.Pipeline.Tests.Server.Telemetry;

namespace Netra.Pipeline.Tests.Hosting;

/// <summary>A stranger's application that embeds the pipeline by its public API alone.</summary>
[TestFixture]
internal sealed class EmbeddingTests
{
    private DirectoryInfo _folder = null!;
    private OtlpReceiver _collector = null!;
    private WebApplication _app = null!;
    private Uri _address = null!;

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        _folder = Directory.CreateTempSubdirectory("netra-embedding-");
        _collector = await OtlpReceiver.StartAsync();
        _app = EmbeddingApplication.Build(
            [
                "--environment=Development", "--Logging:LogLevel:Default=Warning", $"--Netra:DataDirectory={_folder.FullName}",
                $"--OTEL_EXPORTER_OTLP_ENDPOINT={_collector.Address}", "--OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf",
                "--OTEL_METRIC_EXPORT_INTERVAL=500",
            ],
            IPAddress.Loopback);
        await _app.StartAsync();
        _address = new Uri(_app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First());
    }

    [OneTimeTearDown]
    public async Task StopAsync()
    {
        await _app.StopAsync();
        await _app.DisposeAsync();
        await _collector.DisposeAsync();
        _folder.Delete(recursive: true);
    }

    [Test]
    public async Task Embedded_AgentRunFromAnEndpoint_ReachesThePage()
    {
        using var http = new HttpClient { BaseAddress = _address };
        await using var page = await ConnectAsync("grace");

        var answer = await (await http.PostAsync("/greet/grace", null)).Content.ReadAsStringAsync();

        Assert.That(answer, Is.EqualTo("Hello grace, or ecarg!"));
        var events = await page.ReadEventsAsync(7);
        Assert.That(events.Select(static e => e.Type), Is.EqualTo(new[]
        {
            "agent_started", "agent_thinking", "tool_executing", "tool_completed", "token", "token", "agent_completed",
        }));
    }

    [Test]
    public async Task Embedded_EventsWithoutAgent_AreStoredForWhoComesLater()
    {
        using var http = new HttpClient { BaseAddress = _address };

        var note = await (await http.PostAsync("/note/edsger", null)).Content.ReadFromJsonAsync<JsonElement>();
        await using var page = await ConnectAsync("edsger", "&seq=0");
        var events = await page.ReadEventsAsync(2);

        Assert.That(events[^1].Id, Is.EqualTo(note.GetProperty("id").GetString()));
    }

    [Test]
    public async Task Embedded_PageWrites_TheHandlerStartsARun()
    {
        await using var page = await ConnectAsync("barbara");

        await page.SendAsync("""{"type":"chat_message","id":"m1","thread_id":"t1","content":"barbara"}""");

        var accepted = false;
        var ended = false;
        while (!accepted || !ended)
        {
            var message = await page.ReadAsync();
            accepted |= message is AcceptedMessage { Id: "m1", RunId: not null };
            ended |= message is EventMessage { EventType: EventType.AgentCompleted };
        }
    }

    [Test]
    public async Task Embedded_WhatWatchesIt_IsTold()
    {
        var counter = _app.Services.GetServices<IPipelineObserver>().OfType<RunCounter>().Single();
        using var http = new HttpClient { BaseAddress = _address };
        var before = counter.Completed;

        await (await http.PostAsync("/greet/hedy", null)).Content.ReadAsStringAsync();
        var health = await http.GetAsync("/healthchecks");
        var test = await http.PostAsync("/monitoring/websocket/channels/desk/test", null);

        await Eventually.BecomesTrueAsync(() => counter.Completed > before, "the observer was told");
        Assert.That(health.StatusCode, Is.EqualTo(HttpStatusCode.OK));
        Assert.That(test.StatusCode, Is.EqualTo(HttpStatusCode.Accepted), "its channel takes notifications");
        await Eventually.BecomesTrueAsync(
            () => _collector.Items("metrics").Any(static metric => metric.Name == "netra.events.published")
                && _collector.Items("traces").Count > 0,
            "metrics and traces come to the collector");
    }

    [Test]
    public async Task Embedded_OwnEndpoints_GoOn()
    {
        using var http = new HttpClient { BaseAddress = _address };

        Assert.That(await http.GetStringAsync("/hello"), Is.EqualTo("hello"));
    }

    private Task<TestClient> ConnectAsync(string userId, string more = "")
        => TestClient.ConnectAsync(new Uri($"ws://{_address.Authority}/ws?user_id={userId}{more}"));
}

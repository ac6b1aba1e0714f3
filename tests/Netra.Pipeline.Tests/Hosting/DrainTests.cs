using System.Net;
using System.Net.Http.Json;
using Microsoft.Extensions.DependencyInjection;
using Netra.Pipeline.Failures;
using Netra.Pipeline.Protocol;
using Netra.Pipeline.Tests.Infrastructure;
using Netra.Pipeline.Tests.Monitoring;

namespace Netra.Pipeline.Tests.Hosting;

/// <summary>Spec O6: pages are asked to go at once, each at another moment; nothing ends before its time, and nothing is lost.</summary>
[TestFixture]
[Parallelizable(ParallelScope.All)]
internal sealed class DrainTests
{
    private const string Route = "/monitoring/websocket/drain";

    [Test]
    public async Task Drain_ByAnOperator_AsksThePagesAndIsTakenBack()
    {
        await using var host = await MonitoredHost.StartAsync();
        await using var page = await TestClient.ConnectAsync(host.Pipeline.SocketAddress("ada"));
        await host.Http.PublishAsync(PublishExtensions.EventJson("agent_started", """{"agent_name":"demo"}"""));
        await page.ReadEventsAsync(1);

        using (var on = await host.Http.PostAsJsonAsync(Route, new { reason = "a new version", author = "eve" }))
        {
            Assert.That(on.StatusCode, Is.EqualTo(HttpStatusCode.OK));
        }

        var asked = await page.ReadAsync<ReconnectMessage>();
        Assert.That((asked.Reason, asked.AfterMs), Is.EqualTo(("a new version", asked.AfterMs)));
        Assert.That(asked.AfterMs, Is.InRange(0, 1000), "a page that is alone is back no later than without being asked");
        Assert.That((await host.Http.GetAsync("/readyz")).StatusCode, Is.EqualTo(HttpStatusCode.ServiceUnavailable));
        await using (var late = await RawPeer.ConnectAsync(host.Pipeline.Port))
        {
            await late.SendAsync(RawPeer.Handshake("bob"));
            var refusal = (await late.ReadResponseAsync())!;
            Assert.That((refusal.Status, refusal.Header("Retry-After")), Is.EqualTo((503, "1")));
        }

        var (_, run) = await host.Http.PublishAsync(PublishExtensions.TokenJson());
        Assert.That(run.Seq(), Is.EqualTo(2), "open runs go on");
        var (_, drain) = await host.Http.AskAsync(Route);
        Assert.That(
            (drain.GetProperty("on").GetBoolean(), drain.GetProperty("connections").GetInt32(), drain.GetProperty("stored").GetInt64(),
                drain.GetProperty("lost").GetInt64(), drain.GetProperty("author").GetString()),
            Is.EqualTo((true, 1, 2L, 0L, "eve")));

        var (_, off) = await host.Http.AskAsync(Route, HttpMethod.Delete);

        Assert.That(off.GetProperty("on").GetBoolean(), Is.False);
        await page.ReadAsync<StayMessage>();
        Assert.That((await host.Http.GetAsync("/readyz")).StatusCode, Is.EqualTo(HttpStatusCode.OK));
        await using var welcome = await TestClient.ConnectAsync(host.Pipeline.SocketAddress("bob"));
        await host.Http.PublishAsync(PublishExtensions.TokenJson());
        Assert.That((await page.ReadAsync<EventMessage>()).Seq, Is.EqualTo(3), "the page has not been touched");
        Assert.That(host.Pipeline.Failures.Latest(100).Select(static failure => failure.Code), Has.None.EqualTo(FailureCode.Draining));
        var (_, audit) = await host.Http.AskAsync("/monitoring/websocket/audit");
        Assert.That(
            audit.GetProperty("entries").EnumerateArray().Select(static entry => entry.Text("action")),
            Is.SupersetOf(new[] { "drain_began", "drain_ended" }));
    }

    [Test]
    public async Task Drain_OfAHostThatStops_IsNotTakenBack()
    {
        await using var host = await MonitoredHost.StartAsync();
        var drain = host.Services.GetRequiredService<Netra.Pipeline.Hosting.PipelineDrain>();
        Assert.That(drain.TryTakeBack("eve"), Is.False, "it does not drain");

        await host.Pipeline.StopAsync();

        Assert.That(drain.TryTakeBack("eve"), Is.False);
        Assert.That(drain.TryBegin("late", "eve"), Is.False);
    }

    [Test]
    public async Task Stop_PagesThatAreThere_AreAskedAndToldAndNothingIsLost()
    {
        const int pages = 20;
        await using var host = await PipelineHost.StartAsync(log: KindOfLog.Sqlite);
        var clients = await Task.WhenAll(Enumerable.Range(0, pages).Select(i => TestClient.ConnectAsync(host.SocketAddress($"u{i}"))));
        for (var i = 0; i < pages; i++)
        {
            await using var emitter = await host.EmitterOfAsync($"u{i}");
            await emitter.AgentStartedAsync("demo");
        }

        var reading = clients.Select(static async client =>
        {
            await using (client)
            {
                var messages = new List<ServerMessage>();
                while (await client.ReadOrEndAsync() is { } message)
                {
                    messages.Add(message);
                }

                await client.Socket.CloseOutputAsync(client.Socket.CloseStatus!.Value, null, CancellationToken.None);
                Assert.That((int)client.Socket.CloseStatus.Value, Is.EqualTo(1012));
                Assert.That(messages.OfType<EventMessage>().Count(), Is.EqualTo(1));
                return messages.OfType<ReconnectMessage>().Single().AfterMs;
            }
        }).ToList();
        await host.StopAsync();
        var hints = await Task.WhenAll(reading);

        Assert.That(hints, Is.All.InRange(0, 1000));
        Assert.That(hints.Distinct().Count(), Is.GreaterThan(pages / 2), "each at another moment");
        Assert.That(
            host.Logs.Logs.Select(static log => log.Message),
            Has.Some.Matches("^The pipeline is drained: 20 connections and 0 runs.* 20 unacknowledged events are stored, 0 are lost$"));
    }
}

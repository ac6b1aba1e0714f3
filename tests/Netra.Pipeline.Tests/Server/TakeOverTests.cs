using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Netra.Pipeline.Protocol;
using Netra.Pipeline.Tests.Infrastructure;

namespace Netra.Pipeline.Tests.Server;

/// <summary>
/// A process takes over the data folder, and the port, from another one: nobody who connects meanwhile is refused, and pages and runs go
/// on. How long that takes: DeploymentTests.
/// </summary>
[TestFixture]
[Parallelizable(ParallelScope.All)]
internal sealed class TakeOverTests
{
    private const string Waits = "--Netra:Hosting:WaitForFolder=00:01:00";

    [Test]
    public async Task TakeOver_OnTheSamePort_RefusesNobodyAndLosesNothing()
    {
        await using var folder = new ServerFolder();

        // However late the page gets to answer the goodbye.
        await using var first = ServerProcess.Start("Development", folder.Argument, Waits, "--Netra:Hosting:GoodbyeTimeout=00:00:10");
        var port = await first.WhenReadyAsync();
        await using var page = await TestClient.ConnectAsync(Socket(port, "&seq=0"));
        using var over = new CancellationTokenSource();
        var publishing = PublishAsync(port, over.Token);
        var before = ReadToEndAsync(page);

        await using var second = ServerProcess.Start("Development", folder.Argument, Waits, $"--urls=http://127.0.0.1:{port}");
        await second.WhenSaysAsync("waits for it");
        await first.StopAsync();
        var (events, asked) = await before;
        await Task.Delay(TimeSpan.FromMilliseconds(asked.AfterMs), TimeProvider.System);
        await using var back = await TestClient.ConnectAsync(
            Socket(port, $"&epoch={page.Welcome.Epoch}&seq={events[^1]}&from={page.Welcome.From}"));
        await over.CancelAsync();
        var published = await publishing;

        events.AddRange((await back.ReadEventsAsync(published.Count - events.Count)).Select(static message => message.Seq));
        Assert.That(back.Welcome.Resumed, Is.True);
        Assert.That(events, Is.EqualTo(Enumerable.Range(1, published.Count)), "every event once, in order");
        Assert.That(published, Is.EquivalentTo(events), "every receipt is an event");
        Assert.That(first.Output, Does.Match("drained: 1 connections .* 1 were told, 0 did not answer. .* events are stored, 0 are lost"));
    }

    [Test]
    public async Task TakeOver_AskedForByAnOperator_WaitsForRunsOfAgentsAndTakesPagesMeanwhile()
    {
        await using var folder = new ServerFolder();
        await using var first = ServerProcess.Start("Development", folder.Argument, Waits, "--Netra:Hosting:DrainTimeout=00:00:08");
        var port = await first.WhenReadyAsync();
        using var http = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{port}"), Timeout = TestClient.Patience };
        await using var page = await RawPeer.OpenAsync(port, "ada");
        await page.SendAsync(
            RawFrame.Encode("""{"type":"chat_message","id":"m1","thread_id":"t1","content":"Count slowly to 1000"}"""));
        await page.ReadFrameAsync();
        await using var second = ServerProcess.Start("Development", folder.Argument, Waits);
        await second.WhenSaysAsync("waits for it");
        await using (var third = ServerProcess.Start("Development", folder.Argument, Waits))
        {
            Assert.That((await third.WhenExitedAsync()).Output, Does.Contain("a third one waits for it already"));
        }

        using (var asked = await http.PostAsJsonAsync("/monitoring/websocket/drain", new { reason = "a new version", hand_over = true }))
        {
            Assert.That(asked.StatusCode, Is.EqualTo(HttpStatusCode.OK));
        }

        await Eventually.BecomesTrueAsync(() => first.Output.Contains("hands over", StringComparison.Ordinal), "the first one stops");
        Assert.That((await http.GetAsync("/readyz")).StatusCode, Is.EqualTo(HttpStatusCode.OK), "nobody else can take a page");
        await using var another = await RawPeer.OpenAsync(port, "bob");
        await first.WhenExitedAsync();

        Assert.That((await page.ReadCloseAsync()).CloseStatus, Is.EqualTo(1012));
        await second.WhenReadyAsync();
    }

    private static Uri Socket(int port, string more) => new($"ws://127.0.0.1:{port}/ws?user_id=ada{more}");

    private static async Task<(List<long> Events, ReconnectMessage Asked)> ReadToEndAsync(TestClient page)
    {
        var (events, asked) = (new List<long>(), new ReconnectMessage(0, "not asked"));
        while (await page.ReadOrEndAsync() is { } message)
        {
            if (message is EventMessage numbered)
            {
                events.Add(numbered.Seq);
            }

            asked = message as ReconnectMessage ?? asked;
        }

        Assert.That((int?)page.Socket.CloseStatus, Is.EqualTo(1012));
        Assert.That(asked.Reason, Is.EqualTo("the server stops"));
        await page.Socket.CloseOutputAsync(page.Socket.CloseStatus!.Value, null, CancellationToken.None);
        return (events, asked);
    }

    // A new connection for every event, as from a proxy that keeps none.
    private static async Task<List<long>> PublishAsync(int port, CancellationToken until)
    {
        using var http = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{port}"), Timeout = TestClient.Patience };
        http.DefaultRequestHeaders.ConnectionClose = true;
        var published = new List<long>();
        while (!until.IsCancellationRequested)
        {
            var json = PublishExtensions.EventJson("agent_started", """{"agent_name":"demo"}""", runId: $"r{published.Count}");
            using var content = new StringContent(json, Encoding.UTF8, "application/json");
            using var answer = await http.PostAsync("/v1/events", content, CancellationToken.None);
            var text = await answer.Content.ReadAsStringAsync(CancellationToken.None);
            Assert.That(answer.IsSuccessStatusCode, Is.True, text);
            published.Add(JsonElement.Parse(text).Seq());
        }

        return published;
    }
}

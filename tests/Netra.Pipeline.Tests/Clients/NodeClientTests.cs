using System.Text;
using System.Text.Json;
using Netra.Pipeline.Tests.Infrastructure;

namespace Netra.Pipeline.Tests.Clients;

/// <summary>The TypeScript client in Node against the real server, which is killed in the middle of a run, over and over.</summary>
[TestFixture]
[Parallelizable(ParallelScope.All)]
internal sealed class NodeClientTests
{
    private const int Kills = 10;
    private const int EventsPerLife = 25;

    // So many more may be published than a life waits for: the kill hits while some are on their way.
    private const int Ahead = 10;

    [Test]
    public async Task Client_ServerIsKilledInMidRunTenTimes_HandlesEveryEventOnceAndInOrder()
    {
        await using var folder = new ServerFolder();
        var port = FreePort.Find();
        var receipts = new List<long>();
        await using var follower = NodeFollower.Start(new Uri($"ws://127.0.0.1:{port}/ws"), "ada");
        using var permits = new SemaphoreSlim(Ahead);
        var publishing = Task.CompletedTask;
        for (var life = 0; life <= Kills; life++)
        {
            await using var server = ServerProcess.Start("Development", folder.Argument, $"--urls=http://127.0.0.1:{port}");
            await server.WhenReadyAsync();
            publishing = life == 0 ? PublishAsync(port, permits, receipts) : publishing;
            permits.Release(EventsPerLife);
            if (life == Kills)
            {
                await publishing.WaitAsync(TestClient.Patience, TimeProvider.System);

                // By its number: an end that was not stored when the server was killed may have been handled before.
                await Eventually.BecomesTrueAsync(() => Highest(follower) >= receipts[^1], "the client has handled the end");
                break;
            }

            await Eventually.BecomesTrueAsync(() => follower.Told("recovered").Count >= life, "the client is level again");
            var enough = (life + 1) * EventsPerLife;
            await Eventually.BecomesTrueAsync(() => Count(receipts) >= enough, $"{enough} events are stored");
            await Eventually.BecomesTrueAsync(() => Highest(follower) >= Last(receipts, enough), "the client has handled what was stored");
            await server.KillAsync();
        }

        ShouldHaveHandledEachOnceAndInOrder(follower, receipts);
    }

    [Test]
    public async Task FakeServer_ToldTheSameStory_SaysWhatTheRealOneSays()
    {
        await using var folder = new ServerFolder();
        await using var server = ServerProcess.Start("Development", folder.Argument, "--Netra:Connections:PingInterval=00:00:01");
        var port = await server.WhenReadyAsync();
        var (exitCode, printed) = await NodeFollower.RunAsync("test/same-messages.js", $"http://127.0.0.1:{port}");

        Assert.That(printed, Is.EqualTo("[]"), "in what the fake server of netra-pipeline-client/testing differs");
        Assert.That(exitCode, Is.Zero);
    }

    private static void ShouldHaveHandledEachOnceAndInOrder(NodeFollower follower, List<long> receipts)
    {
        var events = follower.Told("event");
        var handled = events.SelectMany(static told => NumbersOf(told)).ToList();
        Assert.That(handled, Is.Ordered.Ascending.And.Unique, "in order, and none twice");
        Assert.That(receipts, Is.SubsetOf(handled), "every stored event");

        // One that was not stored when the server was killed may have been seen before: at most one a kill, since they go one by one.
        Assert.That(handled.Count - receipts.Count, Is.InRange(0, Kills));
        var tokens = events.Where(static told => told.Text("type") == "token");
        var text = string.Concat(tokens.Select(static told => told.GetProperty("data").Text("delta")));
        var words = text.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(int.Parse).ToList();
        Assert.That(words.Distinct(), Is.EqualTo(Enumerable.Range(1, Kills * EventsPerLife)), "the text in its order");
        Assert.That(words, Is.Ordered.Ascending);
        foreach (var kind in (string[])["reset", "incomplete", "error", "fault"])
        {
            Assert.That(follower.Told(kind), Is.Empty, kind);
        }

        Assert.That(follower.Told("gap").Select(static gap => gap.Text("cause")), Is.All.EqualTo("server_restart"));
        Assert.That(follower.Errors, Is.Empty);
    }

    // One run, an event after the other, each under its key and again until it is stored.
    private static async Task PublishAsync(int port, SemaphoreSlim permits, List<long> receipts)
    {
        using var http = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{port}"), Timeout = TestClient.Patience };
        await PublishAsync(http, PublishExtensions.EventJson("agent_started", """{"agent_name":"counter"}""").WithKey("start"), receipts);
        for (var number = 1; number <= Kills * EventsPerLife; number++)
        {
            await permits.WaitAsync();
            await PublishAsync(http, PublishExtensions.TokenJson($"{number} ").WithKey($"{number}"), receipts);
        }

        await PublishAsync(http, PublishExtensions.EventJson("agent_completed", """{"agent_name":"counter"}""").WithKey("end"), receipts);
    }

    private static async Task PublishAsync(HttpClient http, string json, List<long> receipts)
    {
        // The next server may have to start meanwhile.
        using var patience = new CancellationTokenSource(4 * TestClient.Patience);
        while (true)
        {
            try
            {
                using var content = new StringContent(json, Encoding.UTF8, "application/json");
                using var response = await http.PostAsync("/v1/events", content, patience.Token);
                if (response.IsSuccessStatusCode)
                {
                    var receipt = JsonElement.Parse(await response.Content.ReadAsByteArrayAsync(patience.Token));
                    lock (receipts)
                    {
                        receipts.Add(receipt.Seq());
                    }

                    return;
                }
            }
            catch (HttpRequestException)
            {
                // The server was killed: the next one is asked.
            }

            await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, patience.Token);
        }
    }

    private static long Highest(NodeFollower follower) => follower.Told("event").Select(Seq).DefaultIfEmpty().Max();

    // A joined frame stands for several (docs/protocol.md, 3.3).
    private static IEnumerable<long> NumbersOf(JsonElement told)
    {
        var from = told.TryGetProperty("from_seq", out var first) ? first.GetInt64() : Seq(told);
        return Enumerable.Range(0, (int)(Seq(told) - from) + 1).Select(i => from + i);
    }

    private static long Seq(JsonElement told) => told.GetProperty("seq").GetInt64();

    private static int Count(List<long> receipts)
    {
        lock (receipts)
        {
            return receipts.Count;
        }
    }

    private static long Last(List<long> receipts, int count)
    {
        lock (receipts)
        {
            return receipts[count - 1];
        }
    }
}

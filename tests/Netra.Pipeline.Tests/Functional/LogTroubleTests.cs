using System.Net.WebSockets;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Netra.Pipeline.Delivery;
using Netra.Pipeline.Protocol;
using Netra.Pipeline.Storage;
using Netra.Pipeline.Tests.Crash;
using Netra.Pipeline.Tests.Infrastructure;
using Netra.Pipeline.Tests.Monitoring.Harms;

namespace Netra.Pipeline.Tests.Functional;

/// <summary>
/// What waits for SQLite, on real sockets and a real file: while nothing can be stored pages stay, come back and read; afterwards all
/// goes on at once.
/// </summary>
[TestFixture]
[NonParallelizable]
internal sealed class LogTroubleTests
{
    private static readonly TimeSpan Admission = TimeSpan.FromSeconds(4);

    private static readonly (string Key, string Value)[] Settings =
    [
        ("Netra:WebSockets:AdmissionTimeout", Admission.ToString()),
        ("Netra:Streams:IdleGrace", "00:00:00"),
        ("Netra:Log:Sqlite:BusyTimeout", "00:00:00.500"),
    ];

    [Test]
    public async Task Pages_WhileNothingCanBeStored_StayComeBackAndReadOn()
    {
        await using var host = await PipelineHost.StartAsync(settings: Settings, log: KindOfLog.Sqlite);
        var log = host.Services.GetRequiredService<IEventLog>();
        var ledger = host.Services.GetRequiredService<Ledger>();
        await EmitAsync(host, "ada", 5);
        await using var stays = await TestClient.ConnectAsync(host.SocketAddress("bob"));
        await EmitAsync(host, "bob", 1);
        await stays.ReadEventsAsync(1);
        await Eventually.BecomesTrueAsync(() => !host.Streams.TryGetLoaded("ada", out _), "nobody has ada's stream loaded");
        await using (var emitter = await host.EmitterOfAsync("bob"))
        {
            Task waiting;
            using (LogLock.Take(PathOf(host)))
            {
                waiting = Task.Run(async () => await emitter.TokenAsync("late"));
                await Eventually.BecomesTrueAsync(() => log.Trouble is not null, "nothing can be stored");
                await using var back = await TestClient.ConnectAsync(host.SocketAddress("ada", $"&epoch={log.Epoch}&seq=2&from=0"));
                Assert.That(back.Welcome.Resumed, Is.True);
                Assert.That((await back.ReadEventsAsync(3)).Select(static e => e.Seq), Is.EqualTo(new[] { 3L, 4, 5 }));
                await back.AckAsync(5);

                var began = FairStopwatch.Start();
                await using var fresh = await RawPeer.ConnectAsync(host.Port);
                await fresh.SendAsync(RawPeer.Handshake("eve"));
                var refused = await fresh.ReadResponseAsync();
                Assert.That(
                    (refused?.Status, refused?.Code, refused?.Header("Retry-After")), Is.EqualTo(((int?)503, "admission_timeout", "1")));
                Assert.That(began.Fair, Is.LessThan(Admission + TimeSpan.FromSeconds(4)));
                Assert.That(log.Trouble, Is.Not.Null);
            }

            var ended = FairStopwatch.Start();
            await using var eve = await TestClient.ConnectAsync(host.SocketAddress("eve"));
            TestContext.Out.WriteLine(
                $"a new user is let in {ended.Elapsed.TotalMilliseconds:F0} ms after the end");
            Assert.That(ended.Fair, Is.LessThan(TimeSpan.FromSeconds(3)));
            await waiting.WaitAsync(TestClient.Patience);
        }

        Assert.That((await stays.ReadEventsAsync(1)).Single().Seq, Is.EqualTo(2));
        Assert.That(stays.Socket.State, Is.EqualTo(WebSocketState.Open));
        await Eventually.BecomesTrueAsync(
            async () => (await ledger.ReadAsync("ada"))!.Account.Acknowledged == 5, "what was acknowledged meanwhile is kept");
        Assert.That(ledger.Read().Account.Unaccounted, Is.Zero);
    }

    // NETRA_RETURNING_PAGES says how many; in a minute of this test there are fewer than after a deployment.
    [Test]
    public async Task Pages_ComeBackAllAtOnce_GetWhatTheyMissAndPublishersGoOn()
    {
        const int Events = 20;
        var pages = ChaosSettings.Read("NETRA_RETURNING_PAGES", 500);
        await using var host = await PipelineHost.StartAsync(settings: Settings[1..2], log: KindOfLog.Sqlite);
        await Parallel.ForAsync(
            0, pages, new ParallelOptions { MaxDegreeOfParallelism = 64 }, async (i, _) => await EmitAsync(host, $"user-{i}", Events));
        await Eventually.BecomesTrueAsync(() => host.Streams.Count < 10, "nobody has their streams loaded");
        using var http = host.CreateClient();
        var began = TimeProvider.System.GetTimestamp();
        var slowest = TimeSpan.Zero;
        var returning = Task.WhenAll(Enumerable.Range(0, pages).Select(i => Task.Run(() => ComeBackAsync(host, $"user-{i}", Events))));
        while (!returning.IsCompleted)
        {
            var published = TimeProvider.System.GetTimestamp();
            var (response, _) = await http.PublishAsync(PublishExtensions.TokenJson(userId: "publisher"));
            response.EnsureSuccessStatusCode();
            var took = TimeProvider.System.GetElapsedTime(published);
            slowest = took > slowest ? took : slowest;
        }

        var clients = await returning;
        TestContext.Out.WriteLine(
            $"{pages} pages came back and read {Events} events each in {TimeProvider.System.GetElapsedTime(began).TotalSeconds:F1} s, "
            + $"a publisher waited {slowest.TotalMilliseconds:F0} ms at most");
        Assert.That(slowest, Is.LessThan(TimeSpan.FromSeconds(10)));
        foreach (var client in clients)
        {
            await client.DisposeAsync();
        }
    }

    private static async Task<RawClient> ComeBackAsync(PipelineHost host, string user, int events)
    {
        var client = await RawClient.ConnectAsync(host.SocketAddress(user, "&seq=0"));
        for (var seq = 1; seq <= events; seq++)
        {
            Assert.That((await client.ReadAsync<EventMessage>()).Seq, Is.EqualTo(seq), user);
        }

        return client;
    }

    private static async Task EmitAsync(PipelineHost host, string user, int events)
    {
        await using var emitter = await host.EmitterOfAsync(user);
        for (var i = 0; i < events; i++)
        {
            await emitter.TokenAsync($"{i}");
        }
    }

    private static string PathOf(PipelineHost host)
        => Path.Combine(host.Services.GetRequiredService<IOptions<DataOptions>>().Value.DataDirectory, "netra.db");
}

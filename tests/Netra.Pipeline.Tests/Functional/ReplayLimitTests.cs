using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Netra.Pipeline.Limits;
using Netra.Pipeline.Tests.Infrastructure;

namespace Netra.Pipeline.Tests.Functional;

/// <summary>Spec X2: a few bytes that ask for much of the past do not make the server send it without end.</summary>
[TestFixture]
[Parallelizable(ParallelScope.All)]
internal sealed class ReplayLimitTests
{
    private const int Events = 2000;
    private static readonly (string, string)[] Settings =
    [
        ("Netra:Limits:ReplayBytesPerSecond", "65536"), ("Netra:Limits:ReplayBurst", "00:00:01"),
        ("Netra:Limits:ReplayBytesInFlightPerUser", "65536"),
    ];

    // Measured before: 2 KB of these brought 1.9 GB.
    [Test]
    public async Task Storm_OfTheSameReplay_BringsWhatWasAskedForOnce()
    {
        await using var host = await PipelineHost.StartAsync(log: KindOfLog.Sqlite);
        await EmitAsync(host);
        await using var client = await RawPeer.OpenAsync(host.Port, "ada");
        byte[] storm =
        [
            .. Enumerable.Range(0, 50).SelectMany(static _ => RawFrame.Encode($$"""{"type":"replay","from":1,"to":{{Events}}}""")),
            .. RawFrame.Encode("""{"type":"nothing"}"""),
        ];
        await client.SendAsync(storm);

        var (events, answered) = (0, 0);
        while (events < Events || answered == 0)
        {
            var text = (await client.ReadFrameAsync())!.PayloadText;
            events += text.Contains("\"redelivery\":1") ? 1 : 0;
            answered += text.Contains("unknown_message") ? 1 : 0;
        }

        await client.SendFrameAsync(RawFrame.Close, Array.Empty<byte>());
        Assert.That(
            await client.ReadToEndAsync(), Is.LessThan(Events * 200), "one more piece at most: what had been sent before it was asked for");
    }

    [Test]
    public async Task Resume_OfMuch_RestsAndIsCompleteAndLetsLiveEventsPassOthers()
    {
        var time = new TestTimeProvider();
        await using var host = await PipelineHost.StartAsync(settings: Settings, time: time);
        await EmitAsync(host);
        var budget = host.Services.GetRequiredService<ReplayBudget>();
        await using var live = await TestClient.ConnectAsync(host.SocketAddress("ada"));
        await using var client = await TestClient.ConnectAsync(host.SocketAddress("ada", "&seq=0"));

        var reading = client.ReadEventsAsync(Events);
        var subscription = host.ConnectionOf(client.Welcome.ConnectionId).Subscription;
        var (written, quiet) = (0L, 0);
        await Eventually.BecomesTrueAsync(
            () =>
            {
                var now = subscription.LastWritten;
                quiet = now > 0 && now == written ? quiet + 1 : 0;
                written = now;
                return quiet == 100;
            },
            "it rests");
        Assert.That(reading.IsCompleted, Is.False, "far more than 64 KiB came within no time");
        await using (var emitter = await host.EmitterOfAsync("ada"))
        {
            await emitter.TokenAsync("live");
        }

        Assert.That((await live.ReadEventsAsync(1))[0].Seq, Is.EqualTo(Events + 1));
        using (var http = host.CreateClient())
        {
            var (refused, problem) = await http.AskAsync("/v1/threads/t1/events?user_id=ada");
            Assert.That(refused.StatusCode, Is.EqualTo(HttpStatusCode.TooManyRequests));
            Assert.That(problem.Text("detail"), Does.Contain("Netra:Limits:ReplayBytesPerSecond"));
        }

        for (var seconds = 0; !reading.IsCompleted; seconds++)
        {
            Assert.That(seconds, Is.LessThan(60), "64 KiB a second are enough");
            time.Advance(TimeSpan.FromSeconds(1));
            await Task.WhenAny(reading, Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System));
        }

        Assert.That((await reading).Select(static e => e.Seq), Is.EqualTo(Enumerable.Range(1, Events)));
        await client.CloseAsync();
        await Eventually.BecomesTrueAsync(() => budget.InFlight == 0, "nothing is held any more");
    }

    [Test]
    public async Task Resume_ThatIsCutInTheMiddle_HoldsNothing()
    {
        var time = new TestTimeProvider();
        await using var host = await PipelineHost.StartAsync(settings: Settings, time: time);
        await EmitAsync(host);
        var budget = host.Services.GetRequiredService<ReplayBudget>();
        for (var i = 0; i < 5; i++)
        {
            await using var client = await RawPeer.OpenAsync(host.Port, "ada", receiveBuffer: 4096);
            await client.SendAsync(RawFrame.Encode($$"""{"type":"replay","from":1,"to":{{Events}}}"""));
            await client.ReadFrameAsync();
            client.Reset();
        }

        await Eventually.BecomesTrueAsync(() => host.Connections.Count == 0 && budget.InFlight == 0, "nothing is held any more");
    }

    private static async Task EmitAsync(PipelineHost host)
    {
        await using var emitter = await host.EmitterOfAsync("ada");
        for (var i = 0; i < Events; i++)
        {
            await emitter.TokenAsync("0123456789");
        }
    }
}

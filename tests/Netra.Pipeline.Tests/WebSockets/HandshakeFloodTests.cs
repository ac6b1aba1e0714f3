using Microsoft.Extensions.DependencyInjection;
using Netra.Pipeline.Connections;
using Netra.Pipeline.Diagnostics;
using Netra.Pipeline.Emission;
using Netra.Pipeline.Tests.Infrastructure;

namespace Netra.Pipeline.Tests.WebSockets;

/// <summary>Spec X2: handshakes above the limits are refused at every door, but for the server's own; pages that are there stay.</summary>
[TestFixture]
[Parallelizable(ParallelScope.All)]
internal sealed class HandshakeFloodTests
{
    [Test]
    public async Task Handshakes_AboveTheRate_AreRefusedAtBothDoorsAndByStreams()
    {
        var time = new TestTimeProvider();
        await using var host = await PipelineHost.StartAsync(
            settings: [("Netra:Limits:HandshakesPerSecondPerAddress", "2"), ("Netra:Limits:HandshakeBurst", "00:00:01")],
            time: time,
            map: Hello.Map);
        await using var page = await RawPeer.OpenAsync(host.Port, "ada");
        await using var other = await RawPeer.OpenAsync(host.Port, "ada");

        foreach (var fastDoor in (bool[])[true, false])
        {
            await using var client = await RawPeer.ConnectAsync(host.Port);
            if (!fastDoor)
            {
                await Hello.GetAsync(client);
            }

            await client.SendAsync(RawPeer.Handshake("ada"));
            var refusal = (await client.ReadResponseAsync())!;
            Assert.That((refusal.Status, refusal.Headers["Retry-After"]), Is.EqualTo((429, "1")));
            Assert.That(refusal.Text, Does.Contain("\"rate_limited\"").And.Contain("HandshakesPerSecondPerAddress"));
        }

        using (var http = host.CreateClient())
        {
            using var answer = await http.GetAsync("/v1/stream?user_id=ada");
            Assert.That((int)answer.StatusCode, Is.EqualTo(429));
        }

        var canary = host.Services.GetRequiredService<CanaryPass>();
        await using var own = await RawPeer.ConnectAsync(host.Port);
        await own.SendAsync(RawPeer.Handshake("x", $"&token={canary.Issue("$canary")}"));
        Assert.That((await own.ReadResponseAsync())!.Status, Is.EqualTo(101), "the canary is no peer");
        await using var emitter = await host.EmitterOfAsync("ada");
        await emitter.TokenAsync("still there");
        Assert.That((await page.ReadFrameAsync())!.PayloadText, Does.Contain("still there"));
        time.Advance(TimeSpan.FromSeconds(1));
        await using var later = await RawPeer.OpenAsync(host.Port, "ada");
        host.AssertNoErrors();
    }

    [Test]
    public async Task Connections_OfAnAddress_AreBoundedAndGiveTheirPlaceBack()
    {
        await using var host = await PipelineHost.StartAsync(settings: [("Netra:Limits:MaxConnectionsPerAddress", "2")]);
        await using var first = await RawPeer.OpenAsync(host.Port, "ada");
        await using (await RawPeer.OpenAsync(host.Port, "grace"))
        {
            await using var refused = await RawPeer.ConnectAsync(host.Port);
            await refused.SendAsync(RawPeer.Handshake("eve"));
            var answer = (await refused.ReadResponseAsync())!;
            Assert.That(answer.Status, Is.EqualTo(503));
            Assert.That(answer.Text, Does.Contain("too_many_connections").And.Contain("Netra:Limits:MaxConnectionsPerAddress"));
        }

        // A moment after it has gone.
        await Eventually.BecomesTrueAsync(
            async () =>
            {
                await using var next = await RawPeer.ConnectAsync(host.Port);
                await next.SendAsync(RawPeer.Handshake("eve"));
                return (await next.ReadResponseAsync())?.Status == 101;
            },
            "the one that has ended gives its place back");
    }

    // New work is refused before pages that are there notice it: harms have the other limits (near_every_limit).
    [Test]
    public async Task Handshakes_AtTheLimitOfThoseUnderWay_LeavePagesAlone()
    {
        var released = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var authenticator = new ScriptedAuthenticator(async (request, _) =>
        {
            var user = request.Query["user_id"].ToString();
            await (user == "ada" ? Task.CompletedTask : released.Task);
            return AuthenticationResult.Admit(user);
        });
        await using var host = await PipelineHost.StartAsync(
            b => b.Services.AddSingleton<IConnectionAuthenticator>(authenticator),
            settings: [("Netra:Limits:MaxHandshakesUnderWay", "50"), HostLogs.Debug]);
        await using var page = await RawPeer.OpenAsync(host.Port, "ada");
        await using var emitter = await host.EmitterOfAsync("ada");
        await MeasureAsync(emitter, page);
        var calm = await MeasureAsync(emitter, page);

        var strangers = new List<RawPeer>();
        for (var i = 0; i < 100; i++)
        {
            strangers.Add(await RawPeer.ConnectAsync(host.Port));
            await strangers[^1].SendAsync(RawPeer.Handshake($"stranger-{i}"));
        }

        // What they do to the page they do each time; what else runs on the machine does not.
        var most = TimeSpan.FromMilliseconds(Math.Max(25, 3 * calm.TotalMilliseconds));
        var during = await MeasureAsync(emitter, page);
        for (var again = 0; again < 4 && during >= most; again++)
        {
            during = await MeasureAsync(emitter, page);
        }

        // Who comes when others have ended takes their place.
        await Eventually.BecomesTrueAsync(
            () => host.Logs.Logs.Count(static log => log.EventId.Id == EventIds.HandshakeRefused) == 50, "half of them are refused");
        released.SetResult();
        var refused = 0;
        foreach (var stranger in strangers)
        {
            refused += (await stranger.ReadResponseAsync())!.Code == "too_many_handshakes" ? 1 : 0;
            await stranger.DisposeAsync();
        }

        Assert.That(refused, Is.EqualTo(50));
        Assert.That(during, Is.LessThan(most), $"{calm} in calm");
    }

    [Test]
    public async Task Handshakes_ThatWaitForAnAuthenticator_AreBounded()
    {
        var released = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var authenticator = new ScriptedAuthenticator(async (_, _) =>
        {
            await released.Task;
            return AuthenticationResult.Admit("ada");
        });
        await using var host = await PipelineHost.StartAsync(
            b => b.Services.AddSingleton<IConnectionAuthenticator>(authenticator),
            settings: [("Netra:Limits:MaxHandshakesUnderWayPerAddress", "1")]);
        await using var waiting = await RawPeer.ConnectAsync(host.Port);
        await waiting.SendAsync(RawPeer.Handshake("ada"));
        await using var refused = await RawPeer.ConnectAsync(host.Port);
        await Eventually.BecomesTrueAsync(() => !authenticator.Requests.IsEmpty, "the first one is being authenticated");

        await refused.SendAsync(RawPeer.Handshake("ada"));

        var answer = (await refused.ReadResponseAsync())!;
        Assert.That(answer.Status, Is.EqualTo(503));
        Assert.That(answer.Text, Does.Contain("too_many_handshakes"));
        released.SetResult();
        Assert.That((await waiting.ReadResponseAsync())!.Status, Is.EqualTo(101));
        await using var next = await RawPeer.OpenAsync(host.Port, "ada");
    }

    // The latency of 99 of 100 events.
    private static async Task<TimeSpan> MeasureAsync(EventEmitter emitter, RawPeer page)
    {
        var times = new List<TimeSpan>();
        for (var i = 0; i < 300; i++)
        {
            var watch = FairStopwatch.Start();
            await emitter.TokenAsync("x");
            await page.ReadFrameAsync();
            times.Add(watch.Fair);
        }

        return times.Order().ElementAt((int)(times.Count * 0.99));
    }
}

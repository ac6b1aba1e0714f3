using System.Net.WebSockets;
using Netra.Pipeline.Connections;
using Netra.Pipeline.Emission;
using Netra.Pipeline.Events;
using Netra.Pipeline.Failures;
using Netra.Pipeline.Protocol;
using Netra.Pipeline.Tests.Infrastructure;

namespace Netra.Pipeline.Tests.Functional;

/// <summary>Spec C4 and C5: dead, frozen, stuck and stalled are told apart, over real sockets and in virtual time.</summary>
[TestFixture]
[Parallelizable(ParallelScope.All)]
internal sealed class LivenessTests
{
    private const int Interval = 15;
    private const int Timeout = 10;

    [Test]
    public async Task DeadClient_NoFinAndNoAnswer_IsEndedWithinIntervalAndTimeout()
    {
        var time = new TestTimeProvider();
        await using var host = await PipelineHost.StartAsync(time: time);
        await using var dead = await RawClient.ConnectAsync(host.SocketAddress("ada"));
        await using var emitter = await host.EmitterOfAsync("ada");
        await host.StepAsync(time, Interval + Timeout - 1);
        Assert.That(host.ConnectionOf(dead.Welcome.ConnectionId).IsEnded, Is.False);

        await host.StepAsync(time, 1);

        await Eventually.BecomesTrueAsync(() => host.Connections.Count == 0, "the connection was cleaned up");
        Assert.That(EndOf(host, dead.Welcome.ConnectionId), Is.EqualTo("ping_timeout"));
        Assert.That((await emitter.TokenAsync("to nobody")).Status, Is.EqualTo(EventStatus.Pending));
        Assert.That(host.Failures.Latest(10), Is.Empty, "an absent user is no failure");
    }

    [Test]
    public async Task FrozenPage_BrowserAnswersOnly_CountsAsOfflineAndIsEndedLater()
    {
        var time = new TestTimeProvider();
        await using var host = await PipelineHost.StartAsync(settings: [("Netra:Connections:FrozenTimeout", "00:00:20")], time: time);
        await using var frozen = await RawClient.ConnectAsync(host.SocketAddress("ada"));
        await using var emitter = await host.EmitterOfAsync("ada");
        Assert.That((await emitter.TokenAsync("there")).Status, Is.EqualTo(EventStatus.Queued));
        await host.StepAsync(time, Interval);
        await host.AnswersBrowserPingAsync(time, frozen);
        await host.StepAsync(time, Timeout);

        var connection = host.ConnectionOf(frozen.Welcome.ConnectionId);
        Assert.That(connection.State, Is.EqualTo(ConnectionState.Frozen));
        Assert.That((await emitter.TokenAsync("to nobody")).Status, Is.EqualTo(EventStatus.Pending));
        Assert.That(host.Failures.Latest(10), Is.Empty, "no alarm for a background tab");

        await host.StepAsync(time, Interval - Timeout);
        await host.AnswersBrowserPingAsync(time, frozen);
        await host.StepAsync(time, Interval - Timeout);
        Assert.That(await frozen.ReadCloseAsync(), Is.EqualTo(((WebSocketCloseStatus)4410, "unresponsive")));
        Assert.That(EndOf(host, frozen.Welcome.ConnectionId), Is.EqualTo("unresponsive"));
    }

    [Test]
    public async Task FrozenPage_WakesUp_CountsAgain()
    {
        var time = new TestTimeProvider();
        await using var host = await PipelineHost.StartAsync(time: time);
        await using var page = await RawClient.ConnectAsync(host.SocketAddress("ada"));
        await using var emitter = await host.EmitterOfAsync("ada");
        await host.StepAsync(time, Interval);
        await host.AnswersBrowserPingAsync(time, page);
        await host.StepAsync(time, Timeout);
        Assert.That((await emitter.TokenAsync("asleep")).Status, Is.EqualTo(EventStatus.Pending));

        await page.SendAsync(ClientMessageWriter.Pong(new PongMessage(null, null)));

        // Its bytes are heard before what they say is.
        var connection = host.ConnectionOf(page.Welcome.ConnectionId);
        await Eventually.BecomesTrueAsync(() => connection.State != ConnectionState.Frozen, "the page's answer came");
        await host.StepAsync(time, 1);

        Assert.That((await emitter.TokenAsync("awake")).Status, Is.EqualTo(EventStatus.Queued));
        Assert.That(host.ConnectionOf(page.Welcome.ConnectionId).State, Is.EqualTo(ConnectionState.Healthy));
    }

    [Test]
    public async Task StuckPage_AnswersButAcknowledgesNothing_IsASilentFailureOncePerEpisode()
    {
        var time = new TestTimeProvider();
        await using var host = await PipelineHost.StartAsync(settings: [("Netra:Connections:SilentFailureWindow", "00:00:30")], time: time);
        await using var stuck = await TestClient.ConnectAsync(host.SocketAddress("ada"));
        await using var emitter = await host.EmitterOfAsync("ada");
        await emitter.TokenAsync("one");
        await emitter.TokenAsync("two");
        await PassAsync(4 * Interval);

        Assert.That(host.ConnectionOf(stuck.Welcome.ConnectionId).State, Is.EqualTo(ConnectionState.Stuck));
        var failure = host.Failures.Latest(10).Single();
        Assert.That(
            (failure.Code, failure.UserId, failure.ConnectionId),
            Is.EqualTo((FailureCode.SilentFailure, "ada", stuck.Welcome.ConnectionId)));
        Assert.That((failure.Numbers["written"], failure.Numbers["acknowledged"]), Is.EqualTo((2, 0)));
        Assert.That(
            host.Logs.Logs.Single(static line => line.Level == Microsoft.Extensions.Logging.LogLevel.Critical).Message,
            Does.StartWith("SILENT FAILURE DETECTED: silent_failure"));

        await stuck.AckAsync(2);
        var subscription = host.ConnectionOf(stuck.Welcome.ConnectionId).Subscription;
        await Eventually.BecomesTrueAsync(() => subscription.Acknowledged == 2, "the acknowledgement came");
        await host.StepAsync(time, 1);
        Assert.That(host.ConnectionOf(stuck.Welcome.ConnectionId).State, Is.EqualTo(ConnectionState.Healthy));

        await emitter.TokenAsync("three");
        await PassAsync(4 * Interval);
        Assert.That(host.Failures.Latest(10), Has.Count.EqualTo(2), "a new episode");

        async Task PassAsync(int seconds)
        {
            var connection = host.ConnectionOf(stuck.Welcome.ConnectionId);
            for (var i = 0; i < seconds; i++)
            {
                await host.StepAsync(time, 1);
                if (connection.Silence >= TimeSpan.FromSeconds(Interval))
                {
                    await stuck.PongAsync(await stuck.ReadAsync<PingMessage>(), seq: null);
                    await host.HearsAsync(stuck.Welcome.ConnectionId);
                }
            }
        }
    }

    [Test]
    public async Task StalledWrite_PeerSendsButNeverReads_IsEnded()
    {
        var time = new TestTimeProvider();
        await using var host = await PipelineHost.StartAsync(
            settings:
            [
                ("Netra:Connections:StallTimeout", "00:00:05"),
                ("Netra:Connections:SendBufferBytes", "16384"),
                ("Netra:Connections:QueueFrames", "16"),
            ],
            time: time);
        await using var stalled = await RawClient.ConnectAsync(host.SocketAddress("ada"), SmallReceiveBuffer.Bytes);
        await using var emitter = await host.EmitterOfAsync("ada", options: new EmitterOptions { Overflow = OverflowBehavior.Report });
        var large = new string('x', 8 * 1024);
        while ((await emitter.TokenAsync(large)).Status != EventStatus.Lagging)
        {
        }

        // An overflow alone may be faster than the writer.
        var connection = host.ConnectionOf(stalled.Welcome.ConnectionId);
        await connection.WhenParkedAsync();
        await host.StepAsync(time, 4);
        Assert.That(connection.IsEnded, Is.False);
        await host.StepAsync(time, 1);

        Assert.That(EndOf(host, stalled.Welcome.ConnectionId), Is.EqualTo("stalled"));
        await Eventually.BecomesTrueAsync(() => host.Connections.Count == 0, "the connection was cleaned up");
    }

    [Test]
    public async Task CriticalEvent_QuietConnection_IsPrecededByAPing()
    {
        var time = new TestTimeProvider();
        await using var host = await PipelineHost.StartAsync(time: time);
        await using var quiet = await RawClient.ConnectAsync(host.SocketAddress("ada"));
        await using var emitter = await host.EmitterOfAsync("ada");
        await host.StepAsync(time, Interval + 1);
        Assert.That((await quiet.ReadFrameAsync(RawClient.Ping)), Is.Empty);
        Assert.That(ServerMessageReader.Read(await quiet.ReadFrameAsync(RawClient.Text)), Is.TypeOf<PingMessage>());

        await emitter.TokenAsync("not critical");
        Assert.That((await quiet.ReadFrameAsync()).Opcode, Is.EqualTo(RawClient.Text), "no ping for a token");
        await emitter.AgentStartedAsync("agent");

        Assert.That((await quiet.ReadFrameAsync()).Opcode, Is.EqualTo(RawClient.Ping));
        var (opcode, payload) = await quiet.ReadFrameAsync();
        Assert.That(
            (opcode, ((EventMessage)ServerMessageReader.Read(payload)).EventType),
            Is.EqualTo((RawClient.Text, (EventType?)EventType.AgentStarted)));
    }

    [Test]
    public async Task ClientPing_IdleConnection_IsAnsweredAtOnce()
    {
        await using var host = await PipelineHost.StartAsync();
        await using var client = await RawClient.ConnectAsync(host.SocketAddress("ada"));
        await using var emitter = await host.EmitterOfAsync("ada");
        await emitter.TokenAsync("one");
        await client.ReadAsync<EventMessage>();
        for (var i = 0; i < 50; i++)
        {
            await client.SendFrameAsync(RawClient.Ping, new byte[] { (byte)i });

            // Nothing else wakes the writer: the pong has to do so itself.
            Assert.That(await client.ReadFrameAsync(RawClient.Pong), Is.EqualTo(new[] { (byte)i }));
        }
    }

    [Test]
    public async Task CheckHealth_PageAnswers_IsHealthyWithARoundTrip()
    {
        var time = new TestTimeProvider();
        await using var host = await PipelineHost.StartAsync(time: time);
        await using var client = await TestClient.ConnectAsync(host.SocketAddress("ada"));

        var checking = host.Connections.CheckConnectionHealthAsync(host.ConnectionOf(client.Welcome.ConnectionId).Id);
        var ping = await client.ReadAsync<PingMessage>();
        time.Advance(TimeSpan.FromMilliseconds(70));
        await client.PongAsync(ping, seq: null);
        var report = await checking.WaitAsync(TestClient.Patience);

        Assert.That(
            (report.State, report.RoundTrip, report.EndReason),
            Is.EqualTo((ConnectionState.Healthy, (TimeSpan?)TimeSpan.FromMilliseconds(70), (ConnectionEndReason?)null)));
    }

    [Test]
    public async Task CheckHealth_BrowserAnswersOnly_IsFrozenAndTheNextCheckMeasuresAnew()
    {
        var time = new TestTimeProvider();
        await using var host = await PipelineHost.StartAsync(time: time);
        await using var page = await RawClient.ConnectAsync(host.SocketAddress("ada"));
        var checking = host.Connections.CheckConnectionHealthAsync(host.ConnectionOf(page.Welcome.ConnectionId).Id);
        await host.AnswersBrowserPingAsync(time, page);
        await host.StepAsync(time, Timeout);

        Assert.That((await checking.WaitAsync(TestClient.Patience)).State, Is.EqualTo(ConnectionState.Frozen));

        var second = host.Connections.CheckConnectionHealthAsync(host.ConnectionOf(page.Welcome.ConnectionId).Id);
        time.Advance(TimeSpan.FromMilliseconds(30));
        await page.SendAsync(ClientMessageWriter.Pong(new PongMessage(null, null)));
        Assert.That((await second.WaitAsync(TestClient.Patience)).RoundTrip, Is.EqualTo(TimeSpan.FromMilliseconds(30)));
    }

    [Test]
    public async Task CheckHealth_NothingAnswers_EndsTheConnection()
    {
        var time = new TestTimeProvider();
        await using var host = await PipelineHost.StartAsync(time: time);
        await using var dead = await RawClient.ConnectAsync(host.SocketAddress("ada"));
        var checking = host.Connections.CheckConnectionHealthAsync(host.ConnectionOf(dead.Welcome.ConnectionId).Id);
        await host.StepAsync(time, Timeout);

        var report = await checking.WaitAsync(TestClient.Patience);

        Assert.That(
            (report.State, report.EndReason, report.RoundTrip),
            Is.EqualTo((ConnectionState.Ended, (ConnectionEndReason?)ConnectionEndReason.PingTimeout, (TimeSpan?)null)));
        await Eventually.BecomesTrueAsync(() => host.Connections.Count == 0, "the connection was cleaned up");
    }

    [Test]
    public async Task CheckHealth_ConnectionEndsMeanwhile_SaysSoWithoutWaiting()
    {
        await using var host = await PipelineHost.StartAsync(time: new TestTimeProvider());
        await using var client = await TestClient.ConnectAsync(host.SocketAddress("ada"));
        var checking = host.Connections.CheckConnectionHealthAsync(host.ConnectionOf(client.Welcome.ConnectionId).Id);

        await client.CloseAsync();

        var report = await checking.WaitAsync(TestClient.Patience);
        Assert.That(
            (report.State, report.EndReason), Is.EqualTo((ConnectionState.Ended, (ConnectionEndReason?)ConnectionEndReason.ClientClosed)));
    }

    [Test]
    public async Task CheckHealth_UnknownId_IsEndedWithoutAReason()
    {
        await using var host = await PipelineHost.StartAsync();

        var report = await host.Connections.CheckConnectionHealthAsync("c-nobody");

        Assert.That(
            (report.ConnectionId, report.State, report.EndReason),
            Is.EqualTo(("c-nobody", ConnectionState.Ended, (ConnectionEndReason?)null)));
    }

    private static string? EndOf(PipelineHost host, string connectionId) => host.Logs.Logs
        .SingleOrDefault(line =>
            line.EventId.Id == Netra.Pipeline.Diagnostics.EventIds.ConnectionEnded && Equals(line.Values["ConnectionId"], connectionId))?
        .Values["Reason"] as string;
}

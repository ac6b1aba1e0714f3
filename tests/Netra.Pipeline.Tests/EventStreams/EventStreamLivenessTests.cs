using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using Netra.Pipeline.Connections;
using Netra.Pipeline.Emission;
using Netra.Pipeline.Events;
using Netra.Pipeline.Failures;
using Netra.Pipeline.Protocol;
using Netra.Pipeline.Tests.Infrastructure;
using Netra.Pipeline.Tests.WebSockets;

namespace Netra.Pipeline.Tests.EventStreams;

/// <summary>
/// Spec C4, C5 and C8 where nothing comes from the page but requests: frozen, stuck, stalled and gone are told apart, in virtual time.
/// </summary>
[TestFixture]
[Parallelizable(ParallelScope.All)]
internal sealed class EventStreamLivenessTests
{
    private const int Interval = 15;
    private const int Timeout = 10;

    [Test]
    public async Task IdleStream_PageAnswersPings_GetsACommentEachIntervalAndStays()
    {
        var time = new TestTimeProvider();
        await using var host = await PipelineHost.StartAsync(time: time);
        await using var page = await EventStreamClient.OpenAsync(host, "ada");
        var connection = host.ConnectionOf(page.Welcome.ConnectionId);
        for (var i = 0; i < 8; i++)
        {
            await host.StepAsync(time, Interval);
            Assert.That(await page.ReadBlockAsync(), Is.EqualTo(new StreamBlock(null, null, null, null)), "a comment");
            var ping = await page.ReadAsync<PingMessage>();
            await page.PongAsync(ping, seq: null);
            await Eventually.BecomesTrueAsync(() => connection.Silence == TimeSpan.Zero, "the comment was flushed");
            Assert.That(connection.State, Is.EqualTo(ConnectionState.Healthy));
        }
    }

    [Test]
    public async Task FrozenPage_PostsNothing_CountsAsOfflineAndIsEndedLater()
    {
        var time = new TestTimeProvider();
        await using var host = await PipelineHost.StartAsync(settings: [("Netra:Connections:FrozenTimeout", "00:00:40")], time: time);
        await using var page = await EventStreamClient.OpenAsync(host, "ada");
        await using var emitter = await host.EmitterOfAsync("ada");
        Assert.That((await emitter.TokenAsync("there")).Status, Is.EqualTo(EventStatus.Queued));

        await host.StepAsync(time, Interval + Timeout);

        var connection = host.ConnectionOf(page.Welcome.ConnectionId);
        Assert.That(connection.State, Is.EqualTo(ConnectionState.Frozen));
        Assert.That((await emitter.TokenAsync("to nobody")).Status, Is.EqualTo(EventStatus.Pending));
        await host.StepAsync(time, 30);
        Assert.That(await page.ReadEndAsync(), Is.EqualTo(("unresponsive", true)));
        Assert.That(host.Failures.Latest(10), Is.Empty, "no alarm for a background tab");
    }

    [Test]
    public async Task FrozenPage_PostsAnything_CountsAgain()
    {
        var time = new TestTimeProvider();
        await using var host = await PipelineHost.StartAsync(time: time);
        await using var page = await EventStreamClient.OpenAsync(host, "ada");
        await using var emitter = await host.EmitterOfAsync("ada");
        await host.StepAsync(time, Interval + Timeout);
        Assert.That((await emitter.TokenAsync("asleep")).Status, Is.EqualTo(EventStatus.Pending));

        await page.AckAsync(0);
        await host.StepAsync(time, 1);

        Assert.That((await emitter.TokenAsync("awake")).Status, Is.EqualTo(EventStatus.Queued));
        Assert.That(host.ConnectionOf(page.Welcome.ConnectionId).State, Is.EqualTo(ConnectionState.Healthy));
    }

    [Test]
    public async Task StuckPage_AnswersButAcknowledgesNothing_IsASilentFailure()
    {
        var time = new TestTimeProvider();
        await using var host = await PipelineHost.StartAsync(settings: [("Netra:Connections:SilentFailureWindow", "00:00:30")], time: time);
        await using var page = await EventStreamClient.OpenAsync(host, "ada");
        await using var emitter = await host.EmitterOfAsync("ada");
        await emitter.TokenAsync("one");
        for (var i = 0; i < 3; i++)
        {
            await host.StepAsync(time, Interval);
            await page.PongAsync(await page.ReadAsync<PingMessage>(), seq: null);
        }

        await host.StepAsync(time, 1);

        var connection = host.ConnectionOf(page.Welcome.ConnectionId);
        Assert.That(connection.State, Is.EqualTo(ConnectionState.Stuck));
        Assert.That(
            host.Failures.Latest(10).Select(static f => (f.Code, f.ConnectionId)),
            Is.EqualTo(new[] { (FailureCode.SilentFailure, (string?)connection.Id) }));
        await page.AckAsync(1);
        await host.StepAsync(time, 1);
        Assert.That(connection.State, Is.EqualTo(ConnectionState.Healthy));
    }

    [Test]
    public async Task StalledWrite_PageReadsNothing_IsEndedAfterTheStallTimeout()
    {
        var time = new TestTimeProvider();
        await using var host = await PipelineHost.StartAsync(
            settings: [("Netra:Connections:SendBufferBytes", "16384"), ("Netra:Connections:QueueFrames", "16")], time: time);
        await using var page = await EventStreamClient.OpenAsync(host, "ada", receiveBuffer: SmallReceiveBuffer.Bytes);
        await using var emitter = await host.EmitterOfAsync("ada", options: new EmitterOptions { Overflow = OverflowBehavior.Report });
        var large = new string('x', 8 * 1024);
        while ((await emitter.TokenAsync(large)).Status != EventStatus.Lagging)
        {
        }

        var connection = host.ConnectionOf(page.Welcome.ConnectionId);
        await connection.WhenParkedAsync();
        await host.StepAsync(time, 29);
        Assert.That(connection.IsEnded, Is.False, "longer than any byte of a WebSocket may take");
        await host.StepAsync(time, 1);

        Assert.That(await host.EndReasonOfAsync("ada"), Is.EqualTo("stalled"));
        await Eventually.BecomesTrueAsync(() => host.Connections.Count == 0, "the connection was cleaned up");
    }

    [Test]
    public async Task Goodbye_PageReadsNothing_IsGivenUpAfterTheCloseTimeout()
    {
        var time = new TestTimeProvider();
        await using var host = await PipelineHost.StartAsync(
            settings: [("Netra:Connections:SendBufferBytes", "16384"), ("Netra:Connections:QueueFrames", "16")], time: time);
        await using var page = await EventStreamClient.OpenAsync(host, "ada", receiveBuffer: SmallReceiveBuffer.Bytes);
        await using var emitter = await host.EmitterOfAsync("ada", options: new EmitterOptions { Overflow = OverflowBehavior.Report });
        var large = new string('x', 8 * 1024);
        while ((await emitter.TokenAsync(large)).Status != EventStatus.Lagging)
        {
        }

        var connection = host.ConnectionOf(page.Welcome.ConnectionId);
        await connection.WhenParkedAsync();
        connection.End(ConnectionEndReason.Unconfirmed);
        await host.StepAsync(time, 4);
        Assert.That(host.Connections.Count, Is.EqualTo(1), "it may still read");
        await host.StepAsync(time, 1);

        await Eventually.BecomesTrueAsync(() => host.Connections.Count == 0, "the transport was cut");
    }

    [Test]
    public async Task CriticalEvent_QuietStream_IsPrecededByAComment()
    {
        var time = new TestTimeProvider();
        await using var host = await PipelineHost.StartAsync(time: time);
        await using var page = await EventStreamClient.OpenAsync(host, "ada");
        await using var emitter = await host.EmitterOfAsync("ada");
        host.ConnectionOf(page.Welcome.ConnectionId).Subscription.IsQuiet = true;

        await emitter.AgentStartedAsync("agent");

        Assert.That((await page.ReadBlockAsync())!.IsComment, Is.True);
        Assert.That((await page.ReadAsync<EventMessage>()).EventType, Is.EqualTo(EventType.AgentStarted));
    }

    [Test]
    public async Task CheckHealth_PageAnswers_IsHealthyWithARoundTrip()
    {
        var time = new TestTimeProvider();
        await using var host = await PipelineHost.StartAsync(time: time);
        await using var page = await EventStreamClient.OpenAsync(host, "ada");

        var checking = host.Connections.CheckConnectionHealthAsync(page.Welcome.ConnectionId);
        var ping = await page.ReadAsync<PingMessage>();
        time.Advance(TimeSpan.FromMilliseconds(70));
        await page.PongAsync(ping, seq: null);

        var report = await checking.WaitAsync(TestClient.Patience);
        Assert.That((report.State, report.RoundTrip), Is.EqualTo((ConnectionState.Healthy, (TimeSpan?)TimeSpan.FromMilliseconds(70))));
    }

    [Test]
    public async Task CheckHealth_PageReadsButPostsNothing_IsFrozen()
    {
        var time = new TestTimeProvider();
        await using var host = await PipelineHost.StartAsync(time: time);
        await using var page = await EventStreamClient.OpenAsync(host, "ada");
        var checking = host.Connections.CheckConnectionHealthAsync(page.Welcome.ConnectionId);
        await page.ReadAsync<PingMessage>();
        await host.StepAsync(time, Timeout);

        Assert.That((await checking.WaitAsync(TestClient.Patience)).State, Is.EqualTo(ConnectionState.Frozen));
    }

    [TestCase("1.1")]
    [TestCase("2.0")]
    public async Task Page_GoesAway_IsLostAndForgotten(string version)
    {
        using var meters = new TestMeterFactory();
        using var metrics = new MetricRecorder(meters);
        await using var host = await PipelineHost.StartAsync(
            pipeline => pipeline.Services.AddSingleton<IMeterFactory>(meters),
            [HostLogs.Debug],
            kestrel: version == "2.0" ? Listeners.ClearTextHttp2 : null);
        var page = await EventStreamClient.OpenAsync(host, "ada", version: Version.Parse(version));
        Assert.That(metrics.Sum("netra.connection.active", "netra.transport", "event_stream"), Is.EqualTo(1));

        await page.DisposeAsync();

        Assert.That(await host.EndReasonOfAsync("ada"), Is.EqualTo("client_lost"));
        await Eventually.BecomesTrueAsync(() => host.Connections.Count == 0, "the connection was cleaned up");
        Assert.That(metrics.Sum("netra.connection.active", "netra.transport", "event_stream"), Is.Zero);
        Assert.That(metrics.Sum("netra.connections.ended", "netra.transport", "event_stream"), Is.EqualTo(1));
        await using var emitter = await host.EmitterOfAsync("ada");
        Assert.That((await emitter.TokenAsync("to nobody")).Status, Is.EqualTo(EventStatus.Pending));
        host.AssertNoErrors();
    }

    [Test]
    public async Task Page_GoesAwayWhileAFlushIsPending_IsLost([Values("1.1", "2.0")] string version)
    {
        await using var host = await PipelineHost.StartAsync(
            settings: [("Netra:Connections:SendBufferBytes", "16384"), HostLogs.NoPings, HostLogs.Debug],
            kestrel: version == "2.0" ? Listeners.ClearTextHttp2 : null);
        var page = await EventStreamClient.OpenAsync(host, "ada", version: Version.Parse(version), receiveBuffer: SmallReceiveBuffer.Bytes);
        await using var emitter = await host.EmitterOfAsync("ada", options: new EmitterOptions { Overflow = OverflowBehavior.Report });
        var large = new string('x', 64 * 1024);
        while ((await emitter.TokenAsync(large)).Status != EventStatus.Lagging)
        {
        }

        var connection = host.ConnectionOf(page.Welcome.ConnectionId);
        await Eventually.BecomesTrueAsync(() => connection.IsFlushPending, "the page's buffers were full");

        await page.DisposeAsync();

        Assert.That(await host.EndReasonOfAsync("ada"), Is.EqualTo("client_lost"));
        await Eventually.BecomesTrueAsync(() => host.Connections.Count == 0, "the connection was cleaned up");
        host.AssertNothingWorseThanOverflow();
    }
}

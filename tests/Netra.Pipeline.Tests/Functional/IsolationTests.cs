using System.Diagnostics.Metrics;
using System.IO.Pipelines;
using System.Net.WebSockets;
using System.Text;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Netra.Pipeline.Connections;
using Netra.Pipeline.Failures;
using Netra.Pipeline.Protocol;
using Netra.Pipeline.Storage;
using Netra.Pipeline.Streams;
using Netra.Pipeline.Tests.Infrastructure;
using Netra.Pipeline.Tests.Storage;
using Netra.Pipeline.WebSockets;

namespace Netra.Pipeline.Tests.Functional;

/// <summary>Spec C7: whatever goes wrong before, an event of one user is stopped in front of another's socket.</summary>
[TestFixture]
[Parallelizable(ParallelScope.All)]
internal sealed class IsolationTests
{
    private const string Secret = "for ada's eyes only";

    [Test]
    public async Task Event_ConnectionAttachedToAnotherUsersStream_IsStoppedCountedAndEndsTheConnection()
    {
        using var meters = new TestMeterFactory();
        using var metrics = new MetricRecorder(meters);
        await using var host = await PipelineHost.StartAsync(pipeline => pipeline.Services.AddSingleton<IMeterFactory>(meters));
        await using var eve = await TestClient.ConnectAsync(host.SocketAddress("eve"));
        await using var ada = await TestClient.ConnectAsync(host.SocketAddress("ada"));
        await using var emitter = await host.EmitterOfAsync("ada");
        var stream = await host.Streams.PinAsync("ada", CancellationToken.None);
        var wrong = host.ConnectionOf(eve.Welcome.ConnectionId);
        stream.TryAttach(wrong.Subscription, ResumeRequest.FromNow, static _ => """{"type":"from_the_test"}"""u8.ToArray());

        await emitter.TokenAsync(Secret);

        await AssertStoppedAsync(host, eve);
        metrics.Observe();
        Assert.That(metrics.Sum("netra.isolation_violations"), Is.EqualTo(1));
        Assert.That(metrics.Sum("netra.failures", "error.type", "isolation_violation"), Is.EqualTo(1));
        Assert.That(
            (await ada.ReadAsync<EventMessage>()).Data.GetProperty("delta").GetString(), Is.EqualTo(Secret), "the right one has it");
        stream.Detach(wrong.Subscription);
        stream.Pins.Remove();
    }

    [Test]
    public async Task Event_HandshakeGivenTheWrongStream_IsStoppedByTheAuthenticatedIdentity()
    {
        await using var host = await PipelineHost.StartAsync();
        await using var emitter = await host.EmitterOfAsync("ada");
        var stream = await host.Streams.PinAsync("ada", CancellationToken.None);
        Assert.That(stream.Pins.TryAddConnection(), Is.True);

        // As if the registry had looked up the wrong user: everything is right for ada, and eve is who it is.
        var (fromServer, toServer) = (new Pipe(), new Pipe());
        var transport = new ConnectionTransport(
            new DuplexPipe(toServer.Reader, fromServer.Writer), null, null, () => toServer.Writer.Complete());
        var serving = host.Services.GetRequiredService<ConnectionAcceptor>().ServeAsync(
            new Admission { Identity = new ConnectionIdentity("eve"), Stream = stream },
            transport,
            WebSocketConnection.Create,
            static () => ValueTask.FromResult(true),
            socket: null);
        await emitter.TokenAsync(Secret);
        await Eventually.BecomesTrueAsync(() => host.Failures.Latest(10).Any(), "the violation was reported");

        // The first reason to end wins, and this one comes after the report.
        await Eventually.BecomesTrueAsync(() => host.Connections.All.All(static one => one.IsEnded), "the violation has ended it");

        var failure = host.Failures.Latest(10).Single();
        Assert.That((failure.Code, failure.UserId), Is.EqualTo((FailureCode.IsolationViolation, "eve")));
        await toServer.Writer.CompleteAsync();
        await serving.WaitAsync(TestClient.Patience);
        await fromServer.Writer.CompleteAsync();
        var wire = new MemoryStream();
        await fromServer.Reader.CopyToAsync(wire);
        Assert.That(Encoding.UTF8.GetString(wire.ToArray()), Does.Contain("isolation_violation").And.Not.Contain(Secret));
        stream.Pins.Remove();
    }

    [Test]
    public async Task Replay_LogReturnsAnotherUsersRow_IsStopped()
    {
        await using var host = await PipelineHost.StartAsync(
            static pipeline => pipeline.UseEventLog<ThrottledEventLog>(), [("Netra:Streams:WindowEvents", "16")]);
        var log = (ThrottledEventLog)host.Services.GetRequiredService<IEventLog>();
        await using var emitter = await host.EmitterOfAsync("eve");
        for (var i = 0; i < 40; i++)
        {
            await emitter.TokenAsync("x");
        }

        log.Replace = static page =>
            new EventPage([.. page.Events.Select(static e => e.Seq == 3 ? e with { Buffer = LoggedStream.BufferOf("ada", 3) } : e)]);
        await using var eve = await TestClient.ConnectAsync(host.SocketAddress("eve", "&seq=0"));

        Assert.That(
            (await eve.ReadEventsAsync(2)).Select(static e => e.Seq), Is.EqualTo(new long[] { 1, 2 }), "what came before it was hers");
        await AssertStoppedAsync(host, eve);
    }

    private static async Task AssertStoppedAsync(PipelineHost host, TestClient eve)
    {
        var text = new StringBuilder();
        var buffer = new byte[64 * 1024];
        using var patience = new CancellationTokenSource(TestClient.Patience);
        while (await eve.Socket.ReceiveAsync(buffer.AsMemory(), patience.Token) is var received
            && received.MessageType != WebSocketMessageType.Close)
        {
            text.Append(Encoding.UTF8.GetString(buffer, 0, received.Count));
        }

        Assert.That((int?)eve.Socket.CloseStatus, Is.EqualTo(1011));
        Assert.That(eve.Socket.CloseStatusDescription, Is.EqualTo("isolation_violation"));
        Assert.That(text.ToString(), Does.Not.Contain(Secret).And.Not.Contain("\"of\":\"ada\""));
        var failure = host.Failures.Latest(10).Single();
        Assert.That(
            (failure.Code, failure.UserId, failure.ConnectionId),
            Is.EqualTo((FailureCode.IsolationViolation, "eve", eve.Welcome.ConnectionId)));
        Assert.That(
            host.Logs.Logs.Where(static line => line.Level == LogLevel.Critical).Select(static line => line.Message),
            Has.Some.Contain("isolation_violation"));
    }

    private sealed record DuplexPipe(PipeReader Input, PipeWriter Output) : IDuplexPipe;
}

using Netra.Pipeline.Events;
using Netra.Pipeline.Failures;
using Netra.Pipeline.Protocol;
using Netra.Pipeline.Tests.Infrastructure;

namespace Netra.Pipeline.Tests.Functional;

/// <summary>A run's last event says what the run consists of (docs/protocol.md, section 4.4), over real sockets.</summary>
[Parallelizable(ParallelScope.All)]
internal sealed class CompletenessTests
{
    [Test]
    public async Task TerminalEvent_TwoRunsAtOnce_EachSaysWhatItConsistsOf()
    {
        await using var host = await PipelineHost.StartAsync(settings: [("Netra:Streams:IdleGrace", "00:00:00")]);
        await using var client = await TestClient.ConnectAsync(host.SocketAddress("ada"));
        await using var one = await host.EmitterOfAsync("ada", runId: "one");
        await using var two = await host.EmitterOfAsync("ada", runId: "two");
        await one.AgentStartedAsync("a");
        await two.AgentStartedAsync("b");
        await one.TokenAsync("x");
        await two.TokenAsync("y");
        await two.TokenAsync("z");
        await one.AgentCompletedAsync("a");
        await two.AgentFailedAsync("b", new EventError("e", "m"));

        var events = await client.ReadEventsAsync(7);

        Assert.That(events.Take(5).Select(static e => e.Run), Has.All.Null);
        Assert.That(events[5].Run, Is.EqualTo(new RunSummary(Events: 3, FirstSeq: 1, LastSeq: 6)));
        Assert.That(events[6].Run, Is.EqualTo(new RunSummary(Events: 4, FirstSeq: 2, LastSeq: 7)));
    }

    [Test]
    public async Task TerminalEvent_StreamWasUnloadedInBetween_CountsAllOfTheRun()
    {
        await using var host = await PipelineHost.StartAsync(settings: [("Netra:Streams:IdleGrace", "00:00:00")]);
        await using (var before = await host.EmitterOfAsync("ada"))
        {
            await before.AgentStartedAsync("a");
            await before.TokenAsync("x");
        }

        await Eventually.BecomesTrueAsync(() => !host.Streams.TryGetLoaded("ada", out _), "the idle stream was unloaded");
        await using var client = await TestClient.ConnectAsync(host.SocketAddress("ada", "&seq=0"));
        await using var after = await host.EmitterOfAsync("ada");
        await after.AgentCompletedAsync("a");
        var events = await client.ReadEventsAsync(3);
        Assert.That(events[2].Run, Is.EqualTo(new RunSummary(Events: 3, FirstSeq: 1, LastSeq: 3)));

        await client.SendAsync("""{"type":"replay","from":1,"to":3}""");
        var again = await client.ReadEventsAsync(3);
        Assert.That(again.Select(static e => (e.Seq, e.Redelivery)), Is.EqualTo(new[] { (1L, (int?)1), (2L, 1), (3L, 1) }));
        Assert.That(again[2].Run, Is.EqualTo(events[2].Run));
    }

    [Test]
    public async Task Emit_RunEndedBeforeTheStreamWasUnloaded_IsRefusedStill()
    {
        await using var host = await PipelineHost.StartAsync(settings: [("Netra:Streams:IdleGrace", "00:00:00")]);
        await using (var before = await host.EmitterOfAsync("ada"))
        {
            await before.AgentStartedAsync("a");
            await before.AgentCompletedAsync("a");
        }

        await Eventually.BecomesTrueAsync(() => !host.Streams.TryGetLoaded("ada", out _), "the idle stream was unloaded");
        await using var late = await host.EmitterOfAsync("ada");

        Assert.That(
            async () => await late.TokenAsync("too late"),
            Throws.TypeOf<SendFailureException>().With.Property("Code").EqualTo(FailureCode.RunEnded));
    }
}

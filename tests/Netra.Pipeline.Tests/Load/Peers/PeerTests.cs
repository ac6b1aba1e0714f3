using Netra.Pipeline.Tests.Infrastructure;

namespace Netra.Pipeline.Tests.Load.Peers;

/// <summary>
/// The servers that ours is compared with do the same job: what one of them leaves out would make it look better. They are in their Release
/// builds; <c>bench/peers/build</c> makes them.
/// </summary>
[TestFixture]
[Parallelizable(ParallelScope.All)]
internal sealed class PeerTests
{
    private const int TextLength = 80;

    private static readonly string[] Names = PeerNames.Here;

    [TestCaseSource(nameof(Names))]
    public async Task Run_Burst_LosesNothingOfAnyReader(string name)
    {
        const int Events = 20_000;
        await using var peer = await PeerProcess.StartAsync(name, Events, intervalMs: 0);
        await using var slow = await PeerClient.ConnectAsync(peer, "slow");
        var stalled = Task.Delay(TimeSpan.FromMilliseconds(300), TimeProvider.System);
        await using var quick = await PeerClient.ConnectAsync(peer, "quick");

        ShouldBeSeries(name, await quick.ReadAsync(Events));
        await stalled;
        ShouldBeSeries(name, await slow.ReadAsync(Events));
        Assert.That(peer.Output.Trim(), Is.Empty);
    }

    [TestCaseSource(nameof(Names))]
    public async Task Run_FewEventsAtOnce_ComeAllAndInOrder(string name)
    {
        const int Events = 50;
        await using var peer = await PeerProcess.StartAsync(name, Events, intervalMs: 0);
        await using var client = await PeerClient.ConnectAsync(peer);

        ShouldBeSeries(name, await client.ReadAsync(Events));
    }

    [TestCaseSource(nameof(Names))]
    public async Task Run_Paced_KeepsThePaceAndEndsWhenAsked(string name)
    {
        const int Events = 50;
        const int IntervalMs = 2;
        const int TimerStepMs = 5;
        await using var peer = await PeerProcess.StartAsync(name, Events + 100_000, IntervalMs);
        var begun = TimeProvider.System.GetTimestamp();
        await using var client = await PeerClient.ConnectAsync(peer);

        var events = await client.ReadAsync(Events);
        ShouldBeSeries(name, events);
        Assert.That(
            (events[^1].EmittedAt - begun) / 1_000_000, Is.AtLeast((Events * IntervalMs) - TimerStepMs), "it has sent what was not due");
        Assert.That(peer.DataFolders.Count(), Is.EqualTo(name == "netra" ? 1 : 0));

        // The process that was started is the server, and leaves nothing behind.
        await peer.TerminateAsync();
        Assert.That(await peer.ListensAsync(), Is.False);
        Assert.That(peer.DataFolders, Is.Empty);
        Assert.That(peer.Output.Trim(), Is.Empty);
    }

    [Test]
    public async Task Run_UserComesAgainAfterTheSeries_GetsTheNextOne()
    {
        const int Events = 50;
        await using var peer = await PeerProcess.StartAsync("netra", Events, intervalMs: 0);
        await using (var first = await PeerClient.ConnectAsync(peer))
        {
            await first.ReadAsync(Events);
            await first.CloseAsync();
        }

        await using var second = await PeerClient.ConnectAsync(peer);

        ShouldBeSeries("netra", await second.ReadAsync(Events), from: Events + 1);
    }

    [TestCase("", "a name is missing")]
    [TestCase("nobody --port 1 --events 1 --interval-ms 1", "there is no peer 'nobody'")]
    [TestCase("ws --port 1 --events 1", "--interval-ms is")]
    [TestCase("ws --port 65536 --events 1 --interval-ms 1", "--port is")]
    [TestCase("ws --port 1 --events -1 --interval-ms 1", "--events is")]
    [TestCase("ws --port 1 --events 1 --interval-ms x", "--interval-ms is")]
    [TestCase("ws --port", "'--port' has no value")]
    [TestCase("ws --verbose 1", "there is no option '--verbose'")]
    public async Task Run_WrongArguments_SaysWhatIsWrong(string arguments, string message)
    {
        var words = arguments.Split(' ');
        await using var peer = PeerProcess.Start(words[0], words[1..]);

        Assert.That(await peer.WhenExitedAsync(), Is.EqualTo(2));
        Assert.That(peer.Output, Does.Contain(message));
    }

    private static void ShouldBeSeries(string name, IReadOnlyList<PeerEvent> events, long from = 1)
    {
        var now = TimeProvider.System.GetTimestamp();
        Assert.Multiple(() =>
        {
            Assert.That(
                events.Select(static e => (e.ThreadId, e.RunId, e.Text.Length)).Distinct(), Is.EqualTo(new[] { ("t1", "r1", TextLength) }));
            Assert.That(events.Select(static e => e.EmittedAt), Is.Ordered);
            Assert.That(events[^1].EmittedAt, Is.AtMost(now));
            Assert.That(TimeProvider.System.GetElapsedTime(events[0].EmittedAt, now), Is.LessThan(2 * TestClient.Patience));
            Assert.That(
                events.Select(static e => e.Seq),
                Is.EqualTo(events.Select((_, i) => name == "netra" ? from + i : (long?)null)));
        });
    }
}

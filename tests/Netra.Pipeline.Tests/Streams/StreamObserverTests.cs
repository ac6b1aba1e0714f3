using Netra.Pipeline.Protocol;
using Netra.Pipeline.Streams;

namespace Netra.Pipeline.Tests.Streams;

[TestFixture]
[Parallelizable(ParallelScope.All)]
internal sealed class StreamObserverTests
{
    [Test]
    public async Task Observer_RunOfAUserWhoIsThere_IsToldOfItsEndAndOfOneSampleAtATime()
    {
        var observers = new RecordingObservers();
        var harness = await StreamHarness.CreateAsync(observers: observers);
        var device = harness.Connect();
        harness.Emit(EventType.AgentStarted);
        harness.Emit(EventType.AgentCompleted);
        await device.ReadAsync();
        device.Acknowledge(1);
        device.Acknowledge(2);
        device.Acknowledge(2);

        Assert.That(observers.Told, Is.EqualTo(new[] { "due", "sample", "ends 1" }));
    }

    [Test]
    public async Task Observer_StreamIsEvicted_IsClosedOnce()
    {
        var observers = new RecordingObservers();
        var harness = await StreamHarness.CreateAsync(observers: observers);
        Assert.That(harness.Stream.TryEvictNow(), Is.True);
        Assert.That(await harness.Stream.CloseAsync(isErased: false, CancellationToken.None), Is.False);

        Assert.That(observers.Told, Is.EqualTo(new[] { "closed" }));
    }

    private sealed class RecordingObservers : StreamObservers
    {
        public List<string> Told { get; } = [];

        public override StreamObserver Open(string userId) => new RecordingObserver(Told);

        public override void Close(StreamObserver observer) => Told.Add("closed");
    }

    private sealed class RecordingObserver(List<string> told) : StreamObserver
    {
        public override void OnSampleAcknowledged(TimeSpan latency) => told.Add("sample");

        public override void OnTerminalDue() => told.Add("due");

        public override void OnTerminalsAcknowledged(int runs) => told.Add($"ends {runs}");
    }
}

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

        Assert.That(observers.Told, Is.EqualTo(new[] { "due", "sample", "ack 0 to 1", "ends 1", "ack 0 to 2" }));
    }

    [Test]
    public async Task Observer_CursorOfANewConnection_IsToldOfWhatItConfirms()
    {
        var observers = new RecordingObservers();
        var harness = await StreamHarness.CreateAsync(observers: observers);
        harness.EmitMany(3);

        harness.Connect(harness.ResumeAt(2, from: 0));

        Assert.That(observers.Told, Is.EqualTo(new[] { "ack 0 to 2" }));
    }

    [Test]
    public async Task Observer_StreamIsEvicted_IsClosedOnce()
    {
        var observers = new RecordingObservers();
        var harness = await StreamHarness.CreateAsync(observers: observers);
        Assert.That(harness.Stream.TryEvictNow(), Is.True);
        Assert.That(await harness.Stream.CloseAsync(CancellationToken.None), Is.False);

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
        public override void OnAcknowledged(UserStream stream, long above, long through) => told.Add($"ack {above} to {through}");

        public override void OnSampleAcknowledged(TimeSpan latency) => told.Add("sample");

        public override void OnTerminalDue() => told.Add("due");

        public override void OnTerminalsAcknowledged(int runs) => told.Add($"ends {runs}");
    }
}

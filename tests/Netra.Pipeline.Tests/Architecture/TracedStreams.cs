using Netra.Pipeline.Streams;

namespace Netra.Pipeline.Tests.Architecture;

/// <summary>Observes streams, and says when something is acknowledged.</summary>
internal sealed class TracedStreams(TracedEvent traced) : StreamObservers
{
    public const string Leg = "Back as an acknowledgement";

    public override StreamObserver Open(string userId) => new TracedStream(traced);

    public override void Close(StreamObserver observer)
    {
    }

    private sealed class TracedStream(TracedEvent traced) : StreamObserver
    {
        public override void OnSampleAcknowledged(TimeSpan latency) => traced.Reached(Leg);
    }
}

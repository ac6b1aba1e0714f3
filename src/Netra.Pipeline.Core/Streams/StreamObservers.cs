namespace Netra.Pipeline.Streams;

/// <summary>
/// Who observes the streams: gives each that is loaded an observer. Called under a stream's lock or the log's, from any thread: it waits
/// for nobody.
/// </summary>
internal abstract class StreamObservers
{
    /// <summary>Nobody does.</summary>
    public static StreamObservers None { get; } = new Nobody();

    /// <summary>A user's stream is loaded.</summary>
    /// <returns>Who is told of it until <see cref="Close"/>.</returns>
    public abstract StreamObserver Open(string userId);

    /// <summary>The stream of an observer is evicted.</summary>
    public abstract void Close(StreamObserver observer);

    private sealed class Nobody : StreamObservers
    {
        public override StreamObserver Open(string userId) => StreamObserver.None;

        public override void Close(StreamObserver observer)
        {
        }
    }
}

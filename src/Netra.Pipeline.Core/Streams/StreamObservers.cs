namespace Netra.Pipeline.Streams;

/// <summary>Gives each loaded stream an observer. Called under a stream's lock or the log's, from any thread: it must not wait.</summary>
internal abstract class StreamObservers
{
    /// <summary>No observers.</summary>
    public static StreamObservers None { get; } = new Nobody();

    /// <summary>A user's stream is loaded.</summary>
    /// <returns>The observer of the stream until <see cref="Close"/>.</returns>
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

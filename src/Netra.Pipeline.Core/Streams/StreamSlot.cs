namespace Netra.Pipeline.Streams;

/// <summary>A place in the registry: one load, however many ask for it, and a signal when it is free again.</summary>
internal sealed class StreamSlot
{
    private readonly Lazy<Task<UserStream>> _stream;
    private readonly TaskCompletionSource _gone = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <param name="open">Loads the stream; called once, with this place.</param>
    public StreamSlot(Func<StreamSlot, Task<UserStream>> open) => _stream = new Lazy<Task<UserStream>>(() => open(this));

    public Task<UserStream> Stream => _stream.Value;

    public Task Gone => _gone.Task;

    /// <summary>The stream, once <see cref="Stream"/> has completed.</summary>
    public UserStream LoadedStream => Stream.GetAwaiter().GetResult();

    public void SetGone() => _gone.TrySetResult();
}

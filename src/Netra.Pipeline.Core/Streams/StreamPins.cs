namespace Netra.Pipeline.Streams;

/// <summary>
/// Keeps a stream loaded for emitters, connections and look-ups. Guarded by the stream's lock, which pinning and unpinning take.
/// </summary>
internal sealed class StreamPins(StreamState state)
{
    private int _pins;
    private int _connections;

    /// <summary>Whether the stream has ended: a pin comes too late, and another must be loaded.</summary>
    public bool IsEvicted { get; private set; }

    /// <summary>Whether it has ended since its user was erased.</summary>
    public bool IsErased { get; set; }

    public bool IsPinned => _pins != 0;

    /// <summary>The timestamp at which it was pinned last.</summary>
    public long IdleSince { get; private set; } = state.Time.GetTimestamp();

    /// <summary>Keeps the stream loaded until <see cref="Remove"/>.</summary>
    /// <returns>False when it is evicted already, and another must be loaded.</returns>
    public bool TryAdd()
    {
        lock (state.Gate)
        {
            if (IsEvicted)
            {
                return false;
            }

            _pins++;
            return true;
        }
    }

    /// <summary>Pins the stream for one connection, if the user may have one more.</summary>
    public bool TryAddConnection()
    {
        lock (state.Gate)
        {
            if (IsEvicted || _connections >= state.Services.Options.MaxConnectionsPerUser)
            {
                return false;
            }

            _connections++;
            _pins++;
            return true;
        }
    }

    public void RemoveConnection()
    {
        lock (state.Gate)
        {
            _connections--;
            RemoveLocked();
        }
    }

    public void Remove()
    {
        lock (state.Gate)
        {
            RemoveLocked();
        }
    }

    /// <summary>Ends the stream: no pin succeeds any more.</summary>
    /// <returns>False when it had ended before.</returns>
    public bool TryEvict()
    {
        if (IsEvicted)
        {
            return false;
        }

        IsEvicted = true;
        return true;
    }

    private void RemoveLocked()
    {
        if (--_pins == 0)
        {
            IdleSince = state.Time.GetTimestamp();
        }
    }
}

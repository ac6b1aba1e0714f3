namespace Netra.Pipeline.Load.Clients;

/// <summary>
/// What one connection says and understands. Its calls come one at a time, under the connection's lock; they must not wait.
/// </summary>
internal abstract class ClientHandler
{
    /// <summary>The connection is open.</summary>
    /// <param name="client">Where answers go.</param>
    public virtual void OnOpened(WebSocketClient client)
    {
    }

    /// <summary>A text message has come.</summary>
    /// <param name="client">Where answers go.</param>
    /// <param name="message">The message; valid during the call only.</param>
    /// <param name="now">When it was read, in nanoseconds of the monotonic clock.</param>
    public abstract void OnMessage(WebSocketClient client, ReadOnlySpan<byte> message, long now);

    /// <summary>Time has passed: about five times a second.</summary>
    /// <param name="client">Where answers go.</param>
    /// <param name="now">The monotonic clock, in nanoseconds.</param>
    public virtual void OnTick(WebSocketClient client, long now)
    {
    }

    /// <summary>The connection is read again, after it was not for a while: silence until now says nothing of the server.</summary>
    /// <param name="now">The monotonic clock, in nanoseconds.</param>
    public virtual void OnResumed(long now)
    {
    }

    /// <summary>The connection has ended; nothing more comes.</summary>
    /// <param name="end">How.</param>
    public virtual void OnEnded(ClientEnd end)
    {
    }
}

namespace Netra.Pipeline.Streams;

/// <summary>How a connection gets its events at the moment.</summary>
internal enum SubscriptionMode
{
    /// <summary>The stream hands each new event to the connection's queue.</summary>
    Live,

    /// <summary>The connection reads what it missed before it came, from the window or the log.</summary>
    Replaying,

    /// <summary>The connection's queue overflowed; once it has drained, the connection reads on from the window or the log.</summary>
    Lagging,
}

namespace Netra.Pipeline.WebSockets;

/// <summary>What is known of a connection's first request so far.</summary>
internal enum HandshakeProgress
{
    /// <summary>More bytes are needed to decide.</summary>
    NeedMore,

    /// <summary>It asks for a WebSocket on our path, and its head is complete.</summary>
    Complete,

    /// <summary>It is for HTTP.</summary>
    NotOurs,
}

namespace Netra.Pipeline.WebSockets;

/// <summary>The WebSocket wanted to write more on its own account than may wait: the peer floods it with pings and reads nothing.</summary>
internal sealed class SideBufferFullException(int limit)
    : IOException($"More than {limit} bytes of pongs wait for a peer that does not read them (Netra:Connections:SideBufferBytes).");

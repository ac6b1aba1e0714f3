namespace Netra.Pipeline.Load;

/// <summary>What the sockets of a server speak.</summary>
internal enum LoadProtocol
{
    /// <summary><c>netra.v1</c>: numbers, acknowledgements, resume.</summary>
    Netra,

    /// <summary>An event is a text message, and nothing else is said.</summary>
    Plain,

    /// <summary>ASP.NET Core SignalR with its JSON protocol.</summary>
    SignalR,

    /// <summary>Socket.IO 4 over a WebSocket.</summary>
    SocketIo,
}

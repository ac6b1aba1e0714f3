namespace Netra.Pipeline.Load.Clients;

/// <summary>Whose doing the end of a connection is.</summary>
internal enum ClientEndCause
{
    /// <summary>The client's: a goodbye, or a cut.</summary>
    Client,

    /// <summary>The server's, or the network's.</summary>
    Server,

    /// <summary>The client's, since what the server sends cannot be read, or it reads nothing.</summary>
    BrokenServer,
}

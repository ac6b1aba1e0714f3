using Netra.Pipeline.Protocol;
using Netra.Pipeline.Streams;

namespace Netra.Pipeline.Connections;

/// <summary>What became of a handshake: a refusal, or the user's stream, pinned, and where the client wants to go on.</summary>
internal sealed class Admission
{
    private volatile Connection? _connection;
    private volatile bool _serverClosing;

    public HandshakeRefusal? Refusal { get; init; }

    /// <summary>Who it is, by the authenticator.</summary>
    public string? UserId { get; init; }

    public UserStream? Stream { get; init; }

    public ResumeRequest Resume { get; init; }

    public string? Subprotocol { get; init; }

    /// <summary>The client's key, to be answered; null over HTTP/2, which has none.</summary>
    public string? Key { get; init; }

    /// <summary>Whether it counts among the connections that are held for long.</summary>
    public bool IsHeld { get; init; }

    public static Admission Refuse(HandshakeRefusal refusal) => new() { Refusal = refusal };

    /// <summary>Lets the server's wish to close find the connection, whichever comes first.</summary>
    public void Bind(Connection connection)
    {
        _connection = connection;
        if (_serverClosing)
        {
            connection.End(ConnectionEndReason.ServerShutdown);
        }
    }

    /// <summary>Kestrel asks connections to close; one that doesn't would hold shutdown for its whole timeout.</summary>
    public void OnServerClosing()
    {
        _serverClosing = true;
        _connection?.End(ConnectionEndReason.ServerShutdown);
    }
}

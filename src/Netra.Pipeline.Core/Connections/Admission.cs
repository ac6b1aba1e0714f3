using System.Net;
using Microsoft.Extensions.Primitives;
using Netra.Pipeline.Protocol;
using Netra.Pipeline.Streams;

namespace Netra.Pipeline.Connections;

/// <summary>The result of a handshake: a refusal, or the user's pinned stream and where the client resumes.</summary>
internal sealed class Admission
{
    private volatile Connection? _connection;
    private volatile bool _serverClosing;

    public HandshakeRefusal? Refusal { get; init; }

    /// <summary>The user's key, as the authenticator gave it.</summary>
    public string? UserKey => Identity?.UserKey;

    /// <summary>Who it is, as the authenticator found.</summary>
    public ConnectionIdentity? Identity { get; init; }

    /// <summary>Who found it, and is asked about new credentials.</summary>
    public IConnectionAuthenticator? Authenticator { get; set; }

    /// <summary>The peer's address, if it is known.</summary>
    public EndPoint? Remote { get; init; }

    /// <summary>When the authenticator was asked: what is revoked after that was not known to it.</summary>
    public DateTimeOffset AskedAt { get; set; }

    /// <summary>Set once it is pinned.</summary>
    public UserStream? Stream { get; set; }

    public ResumeRequest Resume { get; init; }

    /// <summary>Whether the client takes joined frames.</summary>
    public bool Joins { get; init; }

    public string? Subprotocol { get; init; }

    /// <summary>The extensions that the client offers.</summary>
    public StringValues Extensions { get; init; }

    /// <summary>How messages are compressed; null where they are not. Set when it is served.</summary>
    public CompressionAgreement? Compression { get; set; }

    /// <summary>The client's key, to be answered; null over HTTP/2, which has none.</summary>
    public string? Key { get; init; }

    /// <summary>Whether it counts among the long-held connections.</summary>
    public bool IsHeld { get; set; }

    public static Admission Refuse(HandshakeRefusal refusal) => new() { Refusal = refusal };

    /// <summary>Connects the server's request to close with the connection, whichever of the two comes first.</summary>
    public void Bind(Connection connection)
    {
        // Pairs with the fence of OnServerClosing: one of the two sees the other.
        _connection = connection;
        Interlocked.MemoryBarrier();
        if (_serverClosing)
        {
            connection.End(ConnectionEndReason.ServerShutdown);
        }
    }

    /// <summary>Kestrel asks connections to close; one that does not would hold the shutdown for its whole timeout.</summary>
    public void OnServerClosing()
    {
        _serverClosing = true;
        Interlocked.MemoryBarrier();
        _connection?.End(ConnectionEndReason.ServerShutdown);
    }
}

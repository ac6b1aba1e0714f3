namespace Netra.Pipeline.Connections;

/// <summary>Why a handshake is refused.</summary>
/// <param name="Status">The HTTP status.</param>
/// <param name="Code">A stable word for programs.</param>
/// <param name="Message">A sentence for people.</param>
/// <param name="RetryAfter">Seconds after which the client may come back; null when that would not help.</param>
internal sealed record HandshakeRefusal(int Status, string Code, string Message, int? RetryAfter = null)
{
    /// <summary>The code of a request that names a host which is not this server.</summary>
    public const string HostNotAllowed = "host_not_allowed";

    /// <summary>Whether it says something about the peer; anything else is a malformed request, or a full server.</summary>
    public bool IsOfThePeer => Status is 401 or 403 || Code == HostNotAllowed;
}

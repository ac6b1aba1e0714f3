namespace Netra.Pipeline.Connections;

/// <summary>Why a handshake is refused.</summary>
/// <param name="Status">The HTTP status.</param>
/// <param name="Code">A stable word for programs.</param>
/// <param name="Message">A sentence for people.</param>
/// <param name="RetryAfter">Seconds after which the client may come back; null when that would not help.</param>
internal sealed record HandshakeRefusal(int Status, string Code, string Message, int? RetryAfter = null);

namespace Netra.Pipeline.Protocol;

/// <summary><c>expiring</c>: the credential of the connection ends, and the connection with it, unless a new one comes.</summary>
/// <param name="ExpiresInMs">In how many milliseconds, from 0.</param>
public sealed record ExpiringMessage(long ExpiresInMs) : ServerMessage;

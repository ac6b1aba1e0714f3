namespace Netra.Pipeline.Connections;

/// <summary>
/// An authenticator cannot decide now: what it has to ask is out of reach. The handshake is refused with 503 and a hint to come back, and
/// not with 401, which would have a client throw a good credential away.
/// </summary>
/// <param name="message">What is out of reach, for the client to read; without secrets.</param>
/// <param name="innerException">What was raised, for the server's log; null where there is nothing.</param>
public sealed class AuthenticationUnavailableException(string message, Exception? innerException = null)
    : Exception(message, innerException);

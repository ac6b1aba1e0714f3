namespace Netra.Pipeline.Protocol;

/// <summary><c>authenticated</c>: the connection goes on under the credential that the client has sent.</summary>
/// <param name="ExpiresInMs">How long it is valid, in milliseconds from 0; <see langword="null"/> where it has no end.</param>
/// <param name="Id">The client message, where it has an id.</param>
public sealed record AuthenticatedMessage(long? ExpiresInMs = null, string? Id = null) : ServerMessage;

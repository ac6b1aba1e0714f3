namespace Netra.Pipeline.Connections;

/// <summary>
/// Identifies the user who wants to connect. The host registers one with <c>UseAuthenticator</c>; without one the pipeline starts in
/// Development only. It is called in parallel.
/// </summary>
public interface IConnectionAuthenticator
{
    /// <summary>
    /// Authenticates one handshake, or one message that is posted to an event stream. An exception refuses it with 500 and is reported.
    /// </summary>
    /// <param name="request">The request; of one shape, whichever way it came: a WebSocket, an event stream, or a message to one.</param>
    /// <param name="cancellationToken">
    /// Fires when it takes longer than <c>Netra:WebSockets:AdmissionTimeout</c>, the server stops, or the peer is gone.
    /// </param>
    ValueTask<AuthenticationResult> AuthenticateAsync(HandshakeRequest request, CancellationToken cancellationToken);
}

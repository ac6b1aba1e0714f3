using Netra.Pipeline.WebSockets;

namespace Netra.Pipeline.Tests.Http;

/// <summary>Outside Development a host does not start without an authenticator.</summary>
internal sealed class LoopbackAuthenticator : IConnectionAuthenticator
{
    public ValueTask<AuthenticationResult> AuthenticateAsync(HandshakeRequest request, CancellationToken cancellationToken)
        => ValueTask.FromResult(AuthenticationResult.Forbid("Nobody connects here."));
}

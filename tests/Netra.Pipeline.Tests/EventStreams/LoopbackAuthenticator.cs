using Netra.Pipeline.Connections;

namespace Netra.Pipeline.Tests.EventStreams;

/// <summary>Outside Development a host does not start without an authenticator.</summary>
internal sealed class LoopbackAuthenticator : IConnectionAuthenticator
{
    public ValueTask<AuthenticationResult> AuthenticateAsync(HandshakeRequest request, CancellationToken cancellationToken)
        => ValueTask.FromResult(AuthenticationResult.Forbid("Nobody connects here."));
}

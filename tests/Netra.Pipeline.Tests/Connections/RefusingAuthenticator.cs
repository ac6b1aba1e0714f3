using Netra.Pipeline.Connections;

namespace Netra.Pipeline.Tests.Connections;

/// <summary>Knows nobody, and lets <c>banned</c> in even less.</summary>
internal sealed class RefusingAuthenticator : IConnectionAuthenticator
{
    public ValueTask<AuthenticationResult> AuthenticateAsync(HandshakeRequest request, CancellationToken cancellationToken)
        => ValueTask.FromResult(
            request.SingleQuery("user_id") == "banned"
                ? AuthenticationResult.Forbid("may not connect")
                : AuthenticationResult.Unauthorized("is not known"));
}

using Netra.Pipeline.WebSockets;

namespace Netra.Pipeline.Tests.Telemetry;

/// <summary>Knows nobody, and lets <c>banned</c> in even less.</summary>
internal sealed class RefusingAuthenticator : IConnectionAuthenticator
{
    public ValueTask<AuthenticationResult> AuthenticateAsync(HandshakeRequest request, CancellationToken cancellationToken)
        => ValueTask.FromResult(request.SingleQuery("user_id") == "banned" ? AuthenticationResult.Forbid("may not connect") : AuthenticationResult.Unauthorized("is not known"));
}

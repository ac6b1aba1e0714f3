using System.Collections.Concurrent;
using Netra.Pipeline.Connections;

namespace Netra.Pipeline.Tests.WebSockets;

/// <summary>Does what a test says, and keeps the requests that it was asked about.</summary>
internal sealed class ScriptedAuthenticator(Func<HandshakeRequest, CancellationToken, Task<AuthenticationResult>> script)
    : IConnectionAuthenticator
{
    public ScriptedAuthenticator()
        : this(static (request, _) => Task.FromResult(AuthenticationResult.Admit(request.Query["user_id"].ToString())))
    {
    }

    public ConcurrentQueue<HandshakeRequest> Requests { get; } = [];

    public async ValueTask<AuthenticationResult> AuthenticateAsync(HandshakeRequest request, CancellationToken cancellationToken)
    {
        Requests.Enqueue(request);
        return await script(request, cancellationToken);
    }
}

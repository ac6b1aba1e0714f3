namespace Netra.Pipeline.Connections;

/// <summary>
/// The authenticator that a package beside the core brings: it counts where the host has registered none of its own. Safe from any thread.
/// </summary>
internal abstract class DefaultAuthenticator : IConnectionAuthenticator
{
    /// <summary>Whether there is anything that could authenticate somebody.</summary>
    public abstract bool IsConfigured { get; }

    /// <summary>What is to be set where it is not, for who starts the host.</summary>
    public abstract string Advice { get; }

    /// <summary>Whether a request has a credential of the kinds that it checks.</summary>
    public abstract bool HasCredential(HandshakeRequest request);

    public abstract ValueTask<AuthenticationResult> AuthenticateAsync(HandshakeRequest request, CancellationToken cancellationToken);
}

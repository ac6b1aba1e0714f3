
namespace Netra.Pipeline.Connections;

/// <summary>
/// Admits the canary through the public port: holds the one-time credential of the canary under way, if any. Safe from any thread.
/// </summary>
internal sealed class CanaryPass
{
    private OneTimeAuthenticator? _current;

    /// <summary>Makes a credential that is valid once, and until the next one is made.</summary>
    public string Issue(string userId)
    {
        var authenticator = new OneTimeAuthenticator(userId);
        Volatile.Write(ref _current, authenticator);
        return authenticator.Token;
    }

    /// <summary>Takes the credential back.</summary>
    public void Revoke() => Volatile.Write(ref _current, null);

    /// <summary>Whether a request has the canary's credential, which is not taken yet.</summary>
    public bool IsOf(HandshakeRequest request) => Volatile.Read(ref _current)?.IsBearer(request) == true;

    /// <summary>The identity that the canary's credential stands for; null for a request without it.</summary>
    public async ValueTask<AuthenticationResult?> TryAdmitAsync(HandshakeRequest request, CancellationToken cancellationToken)
    {
        if (Volatile.Read(ref _current) is not { } current)
        {
            return null;
        }

        var result = await current.AuthenticateAsync(request, cancellationToken);
        return result.UserId is null ? null : result;
    }
}

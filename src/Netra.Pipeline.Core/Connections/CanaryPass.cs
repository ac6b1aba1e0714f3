
namespace Netra.Pipeline.Connections;

/// <summary>
/// The canary's way in through the public port: the one-time credential of the canary that is on its way, if one is. Safe from any thread.
/// </summary>
internal sealed class CanaryPass
{
    private OneTimeAuthenticator? _current;

    /// <summary>Makes a credential that is good once, until the next one is made.</summary>
    public string Issue(string userId)
    {
        var authenticator = new OneTimeAuthenticator(userId);
        Volatile.Write(ref _current, authenticator);
        return authenticator.Token;
    }

    /// <summary>Takes the credential back.</summary>
    public void Revoke() => Volatile.Write(ref _current, null);

    /// <summary>Whom a request's credential admits; null when it is not the canary's.</summary>
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

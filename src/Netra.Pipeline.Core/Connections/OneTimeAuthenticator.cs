using System.Security.Cryptography;
using System.Text;

namespace Netra.Pipeline.Connections;

/// <summary>Admits the bearer of one random token, once, as a reserved user. Only the verification's private listener uses it.</summary>
internal sealed class OneTimeAuthenticator(string userId) : IConnectionAuthenticator
{
    private readonly byte[] _expected = Encoding.ASCII.GetBytes(Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(32)));
    private int _used;

    public string Token => Encoding.ASCII.GetString(_expected);

    /// <summary>Whether a request has the token.</summary>
    public bool IsBearer(HandshakeRequest request)
        => CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(request.SingleQuery("token") ?? string.Empty), _expected);

    public ValueTask<AuthenticationResult> AuthenticateAsync(HandshakeRequest request, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        return ValueTask.FromResult(IsBearer(request) && Interlocked.Exchange(ref _used, 1) == 0
            ? AuthenticationResult.Admit(userId)
            : AuthenticationResult.Unauthorized("This listener belongs to the startup verification."));
    }
}

namespace Netra.Pipeline.Connections;

/// <summary>What an authenticator decided.</summary>
public sealed class AuthenticationResult
{
    private AuthenticationResult(ConnectionIdentity? identity, int status, string? message)
        => (Identity, Status, Message) = (identity, status, message);

    /// <summary>Who it is, when the connection is admitted.</summary>
    public ConnectionIdentity? Identity { get; }

    /// <summary>The user, when the connection is admitted.</summary>
    public string? UserId => Identity?.UserId;

    /// <summary>The user's key, when the connection is admitted.</summary>
    internal string? UserKey => Identity?.UserKey;

    /// <summary>The HTTP status of the answer: 101 when admitted, otherwise 400, 401 or 403.</summary>
    public int Status { get; }

    /// <summary>What is wrong, for the client to read; null when admitted.</summary>
    public string? Message { get; }

    /// <summary>The peer is this user, for as long as the connection lasts.</summary>
    /// <param name="userId">The user's id.</param>
    public static AuthenticationResult Admit(string userId) => Admit(new ConnectionIdentity(userId));

    /// <summary>The peer is this user, as a credential says that may end.</summary>
    /// <param name="identity">Who it is, and until when.</param>
    /// <exception cref="ArgumentException">The user's id is empty.</exception>
    public static AuthenticationResult Admit(ConnectionIdentity identity)
    {
        ArgumentNullException.ThrowIfNull(identity);
        ArgumentException.ThrowIfNullOrEmpty(identity.UserId, nameof(identity));
        return new AuthenticationResult(identity, 101, null);
    }

    /// <summary>The request is malformed (400).</summary>
    /// <param name="message">What is wrong.</param>
    public static AuthenticationResult BadRequest(string message) => new(null, 400, message);

    /// <summary>There is no credential, or it is not valid (401).</summary>
    /// <param name="message">What is wrong, without secrets.</param>
    public static AuthenticationResult Unauthorized(string message) => new(null, 401, message);

    /// <summary>The identity is known and may not connect (403).</summary>
    /// <param name="message">What is wrong.</param>
    public static AuthenticationResult Forbid(string message) => new(null, 403, message);
}

namespace Netra.Pipeline.Connections;

/// <summary>What an authenticator decided.</summary>
public sealed class AuthenticationResult
{
    private AuthenticationResult(string? userId, int status, string? message) => (UserId, Status, Message) = (userId, status, message);

    /// <summary>The user, when the connection is admitted.</summary>
    public string? UserId { get; }

    /// <summary>The HTTP status of the answer: 101 when admitted, otherwise 400, 401 or 403.</summary>
    public int Status { get; }

    /// <summary>What is wrong, for the client to read; null when admitted.</summary>
    public string? Message { get; }

    /// <summary>The peer is this user.</summary>
    /// <param name="userId">The user's id.</param>
    public static AuthenticationResult Admit(string userId)
    {
        ArgumentException.ThrowIfNullOrEmpty(userId);
        return new AuthenticationResult(userId, 101, null);
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

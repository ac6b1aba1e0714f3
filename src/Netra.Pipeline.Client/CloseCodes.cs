namespace Netra.Pipeline.Client;

/// <summary>How connections end (docs/protocol.md, section 7). 3000 to 3999 are this client's own, and travel to the server.</summary>
internal static class CloseCodes
{
    public const int Normal = 1000;

    /// <summary>The transport ended without a close frame, or there was no connection to begin with.</summary>
    public const int Lost = 1006;

    public const int TryAgainLater = 1013;

    /// <summary>Nothing at all arrived for the ping interval and the ping timeout.</summary>
    public const int Silence = 3001;

    /// <summary>The handshake or the welcome did not come in time.</summary>
    public const int ConnectTimeout = 3002;

    /// <summary>Numbers were passed over: resuming brings them.</summary>
    public const int Unrepaired = 3004;

    /// <summary>The server asked for a new connection.</summary>
    public const int Asked = 3005;

    /// <summary>The server said something before its welcome, or welcomed twice.</summary>
    public const int OutOfTurn = 3006;

    /// <summary>There is no token now.</summary>
    public const int NoToken = 3008;

    /// <summary>The application has caught up with what waited, and what it left to the server comes now.</summary>
    public const int CaughtUp = 3009;

    public const int MessageTooBig = 1009;

    public const int CredentialRevoked = 4403;

    public const int UserErased = 4404;

    public const int IdentityChanged = 4409;

    /// <summary>What an ending means when it is for good; null where the client is to come back.</summary>
    public static EventClientFailure? FailureOf(int code) => code switch
    {
        1002 or 1003 or 1007 or 1008 or 4400 => EventClientFailure.ProtocolViolation,
        MessageTooBig => EventClientFailure.MessageTooBig,
        CredentialRevoked => EventClientFailure.Revoked,
        UserErased => EventClientFailure.UserErased,
        IdentityChanged => EventClientFailure.IdentityChanged,
        _ => null,
    };

    /// <summary>What an ending means, in words.</summary>
    public static string Describe(int code) => code switch
    {
        Normal => "the connection was closed",
        1001 => "the server went away",
        1002 => "the server refused a WebSocket frame",
        1003 => "the server refused a binary frame",
        Lost => "the connection was lost",
        1007 => "the server refused text that is not UTF-8",
        1008 => "the server refused too many pings",
        MessageTooBig => "a message is too big",
        1011 => "the server met an internal error",
        1012 => "the server stops",
        TryAgainLater => "the server was too busy for this connection",
        Silence => "the server went silent",
        ConnectTimeout => "the server did not answer in time",
        Unrepaired => "events were missing without an explanation",
        Asked => "the server asked for a new connection",
        OutOfTurn => "the server broke the protocol",
        NoToken => "there is no token now",
        CaughtUp => "the application has caught up",
        4400 => "the server did not understand this client",
        4401 => "the credential has ended",
        CredentialRevoked => "the credential was revoked",
        UserErased => "the user was erased",
        IdentityChanged => "the credential is another user's",
        4410 => "this client answered no ping for too long",
        4412 => "this client did not confirm what was sent",
        _ => $"the connection ended with code {code}",
    };
}

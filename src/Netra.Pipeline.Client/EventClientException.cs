namespace Netra.Pipeline.Client;

/// <summary>Reading has ended for good: connecting again would only repeat it.</summary>
public sealed class EventClientException : Exception
{
    /// <summary>An ending for a reason.</summary>
    /// <param name="reason">Which kind.</param>
    /// <param name="message">What happened, in words.</param>
    /// <param name="innerException">What it was found by, if by one.</param>
    public EventClientException(EventClientFailure reason, string message, Exception? innerException = null)
        : base(message, innerException) => Reason = reason;

    /// <summary>Which kind.</summary>
    public EventClientFailure Reason { get; }
}

/// <summary>Why reading has ended for good. Closed.</summary>
public enum EventClientFailure
{
    /// <summary>The server takes this client's credential not, or the application's source of tokens has none.</summary>
    Unauthorized,

    /// <summary>The credential may not connect, or the connection comes from where none may.</summary>
    Forbidden,

    /// <summary>The server does not understand what this client asks for: its address, its query or its protocol.</summary>
    Refused,

    /// <summary>The credential, or all of the user's, was revoked.</summary>
    Revoked,

    /// <summary>The new credential is another user's.</summary>
    IdentityChanged,

    /// <summary>The user was erased.</summary>
    UserErased,

    /// <summary>One of both ends violated the protocol.</summary>
    ProtocolViolation,

    /// <summary>A message is longer than <see cref="EventClientOptions.MaxMessageBytes"/>, or than the server takes.</summary>
    MessageTooBig,

    /// <summary>The application's own code threw: a callback, or the store of the cursor.</summary>
    ApplicationFailed,
}

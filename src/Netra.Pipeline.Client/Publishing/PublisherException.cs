namespace Netra.Pipeline.Client.Publishing;

/// <summary>
/// A publisher has ended: what became of events without a receipt is not known. Under a key of the application's own they may be published
/// again.
/// </summary>
public sealed class PublisherException : Exception
{
    /// <summary>An ending.</summary>
    /// <param name="reason">Which kind.</param>
    /// <param name="message">What happened, in words.</param>
    /// <param name="innerException">What it was found by, if by one.</param>
    public PublisherException(PublisherFailure reason, string message, Exception? innerException = null)
        : base(message, innerException) => Reason = reason;

    /// <summary>Which kind.</summary>
    public PublisherFailure Reason { get; }
}

/// <summary>Why a publisher has ended. Closed.</summary>
public enum PublisherFailure
{
    /// <summary>It was disposed before the receipt came.</summary>
    Closed,

    /// <summary>The server takes the credential not, or there is none.</summary>
    Unauthorized,

    /// <summary>The credential may not publish.</summary>
    Forbidden,

    /// <summary>The server does not understand the request: it is not the address of one, say.</summary>
    Refused,

    /// <summary>The application's own code threw: <see cref="PublisherOptions.Rejected"/>.</summary>
    ApplicationFailed,
}

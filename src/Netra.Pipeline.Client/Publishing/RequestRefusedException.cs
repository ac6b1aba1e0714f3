namespace Netra.Pipeline.Client.Publishing;

/// <summary>The server has refused a request of many events as a whole.</summary>
internal sealed class RequestRefusedException(int status, string message, TimeSpan? retryAfter) : IOException(message)
{
    public int Status => status;

    /// <summary>The least that it asks to wait; null for nothing.</summary>
    public TimeSpan? RetryAfter => retryAfter;

    /// <summary>Why asking again would only repeat it; null where it would not.</summary>
    public PublisherFailure? Failure => status switch
    {
        401 => PublisherFailure.Unauthorized,
        403 => PublisherFailure.Forbidden,
        400 or 405 or 413 or 414 or 415 or 426 or 431 => PublisherFailure.Refused,
        _ => null,
    };
}

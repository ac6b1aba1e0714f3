namespace Netra.Pipeline.Alerting;

/// <summary>A channel has not taken a notification.</summary>
/// <param name="message">Why, for people, without secrets.</param>
/// <param name="isPermanent">Whether the same notification would be refused again, so that it is not tried again but told to the next channel.</param>
/// <param name="retryAfter">How long the channel asks to be left alone, if it does.</param>
/// <param name="innerException">What was raised.</param>
public sealed class NotificationFailedException(string message, bool isPermanent, TimeSpan? retryAfter = null, Exception? innerException = null)
    : Exception(message, innerException)
{
    /// <summary>Whether the same notification would be refused again.</summary>
    public bool IsPermanent { get; } = isPermanent;

    /// <summary>How long the channel asks to be left alone, if it does.</summary>
    public TimeSpan? RetryAfter { get; } = retryAfter;
}

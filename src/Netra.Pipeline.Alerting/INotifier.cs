namespace Netra.Pipeline.Alerting;

/// <summary>
/// A notification channel: sends notifications about incidents to people. The outbox keeps a notification, over restarts too, until the
/// channel has taken it; a notifier tries once. Called from any thread, for one notification at a time.
/// </summary>
public interface INotifier
{
    /// <summary>The channel's name, as escalation policies have it: <c>[a-z0-9_-]+</c>.</summary>
    string Name { get; }

    /// <summary>The shortest pause between two notifications that the channel's provider allows. Zero for none.</summary>
    TimeSpan MinInterval { get; }

    /// <summary>Sends a notification. Completes when the channel has taken it.</summary>
    /// <param name="notification">The notification.</param>
    /// <param name="cancellationToken">Cancels the try; it fires after the channel's timeout.</param>
    /// <exception cref="NotificationFailedException">The channel has not taken it.</exception>
    Task NotifyAsync(AlertNotification notification, CancellationToken cancellationToken);
}

/// <summary>A channel has not taken a notification.</summary>
/// <param name="message">Why, for people, without secrets.</param>
/// <param name="isPermanent">Whether the channel would refuse the same notification again. Then the next channel gets it at once.</param>
/// <param name="retryAfter">How long the channel asks not to be used, if it does.</param>
/// <param name="innerException">What was raised.</param>
public sealed class NotificationFailedException(
    string message, bool isPermanent, TimeSpan? retryAfter = null, Exception? innerException = null)
    : Exception(message, innerException)
{
    /// <summary>Whether the channel would refuse the same notification again.</summary>
    public bool IsPermanent { get; } = isPermanent;

    /// <summary>How long the channel asks not to be used, if it does.</summary>
    public TimeSpan? RetryAfter { get; } = retryAfter;
}

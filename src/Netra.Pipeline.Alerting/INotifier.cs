namespace Netra.Pipeline.Alerting;

/// <summary>
/// Tells people of an alert, over one channel. What is to be told is kept until the channel has taken it, over restarts; a notifier tries once. Called from any thread, for one notification at a time.
/// </summary>
public interface INotifier
{
    /// <summary>The channel's name, as escalation policies have it: <c>[a-z0-9_-]+</c>.</summary>
    string Name { get; }

    /// <summary>How often the channel may be used: the pause that its provider asks for between two notifications. Zero for none.</summary>
    TimeSpan MinInterval { get; }

    /// <summary>Tells it. Completes when the channel has taken it.</summary>
    /// <param name="notification">What is to be told.</param>
    /// <param name="cancellationToken">Cancels the try; it fires after the channel's timeout.</param>
    /// <exception cref="NotificationFailedException">The channel has not taken it.</exception>
    Task NotifyAsync(AlertNotification notification, CancellationToken cancellationToken);
}

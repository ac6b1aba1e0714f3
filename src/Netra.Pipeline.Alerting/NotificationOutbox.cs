using Netra.Pipeline.Failures;

namespace Netra.Pipeline.Alerting;

/// <summary>
/// Sends the notifications that wait: the channels at the same time, each of them one notification after the other. Adding one wakes its
/// channel, so a notification is sent as soon as its alert fires. Safe from any thread.
/// </summary>
internal sealed class NotificationOutbox : IDisposable
{
    private readonly Dictionary<string, ChannelQueue> _queues;
    private readonly FailureReporter _failures;
    private readonly AlertingOptions _options;
    private readonly Action<OutboxEntry, NotificationOutcome, string> _conclude;

    /// <summary>The outbox of all channels.</summary>
    /// <param name="notifiers">The channels; their names differ.</param>
    /// <param name="options">Timeouts, tries and limits.</param>
    /// <param name="failures">Gets a failure for a notification that a channel has not taken after its last try.</param>
    /// <param name="time">Times the tries.</param>
    /// <param name="clock">The time.</param>
    /// <param name="conclude">Gets the outcome of each try, with the entry as it is afterwards and the reason. Must not throw.</param>
    public NotificationOutbox(
        IEnumerable<INotifier> notifiers,
        AlertingOptions options,
        FailureReporter failures,
        TimeProvider time,
        AlertClock clock,
        Action<OutboxEntry, NotificationOutcome, string> conclude)
    {
        (_options, _failures, _conclude) = (options, failures, conclude);
        _queues = notifiers.ToDictionary(
            static notifier => notifier.Name,
            notifier => new ChannelQueue(notifier, options, time, clock, Conclude),
            StringComparer.Ordinal);
    }

    public IReadOnlyCollection<string> Channels => _queues.Keys;

    public void Add(IReadOnlyList<OutboxEntry> entries)
    {
        foreach (var entry in entries)
        {
            if (!_queues.TryGetValue(entry.Channel, out var queue))
            {
                Conclude(entry, NotificationOutcome.Failed, "there is no such channel any more");
            }
            else if (!queue.TryAdd(entry))
            {
                Conclude(entry, NotificationOutcome.Failed, $"{_options.MaxWaiting} wait for it already (Netra:Alerting:MaxWaiting)");
            }
        }
    }

    /// <summary>Sends a notification over a channel now, with one try.</summary>
    /// <returns>Why the channel has not taken it; null when it has.</returns>
    /// <exception cref="KeyNotFoundException">There is no such channel.</exception>
    public Task<string?> TryOnceAsync(string channel, AlertNotification notification, CancellationToken cancellationToken)
        => _queues[channel].TryOnceAsync(notification, cancellationToken);

    public Task RunAsync(CancellationToken cancellationToken)
        => Task.WhenAll(_queues.Select(queue => ServeAsync(queue.Key, queue.Value, cancellationToken)));

    public void Dispose()
    {
        foreach (var queue in _queues.Values)
        {
            queue.Dispose();
        }
    }

    private async Task ServeAsync(string channel, ChannelQueue queue, CancellationToken cancellationToken)
    {
        while (true)
        {
            try
            {
                await queue.RunAsync(cancellationToken);
            }
            catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
            {
                // A notification leaves the queue before its outcome is handled, so it does not fail again and the next one can follow.
                _failures.Report(new Failure(
                    FailureCode.BackgroundFailed, "notify", $"The queue of channel {channel} failed; it goes on: {exception.Message}")
                {
                    Exception = exception,
                });
            }
        }
    }

    private void Conclude(OutboxEntry entry, NotificationOutcome outcome, string reason)
    {
        if (outcome == NotificationOutcome.Failed)
        {
            var notification = entry.Notification;
            _failures.Report(new Failure(
                FailureCode.NotificationFailed,
                "notify",
                $"Channel {entry.Channel} has not taken the notification {AlertNames.Of(notification.Kind)} of {notification.RuleName} "
                + $"after {entry.Attempts} tries: {reason}")
            {
                Numbers = new Dictionary<string, long>(StringComparer.Ordinal) { ["attempts"] = entry.Attempts },
            });
        }

        _conclude(entry, outcome, reason);
    }
}

/// <summary>A notification that waits for one channel. Immutable.</summary>
/// <param name="Notification">The notification.</param>
/// <param name="Channel">The channel.</param>
/// <param name="Scope">The scope of its incident; see <see cref="Incident.Scope"/>.</param>
/// <param name="Fallbacks">The channels that get it, one after the other, if this one fails.</param>
/// <param name="Attempts">How often it was tried.</param>
/// <param name="DueAt">When it is tried next.</param>
/// <param name="IsOnce">
/// Whether it is tried only once, and neither stored nor sent over another channel: a notification of the watchdog.
/// </param>
internal sealed record OutboxEntry(
    AlertNotification Notification,
    string Channel,
    string Scope,
    IReadOnlyList<string> Fallbacks,
    int Attempts,
    DateTimeOffset DueAt,
    bool IsOnce = false);

/// <summary>The outcome of a try to send a notification.</summary>
internal enum NotificationOutcome
{
    /// <summary>The channel has taken it.</summary>
    Sent,

    /// <summary>The channel has not taken it, and will be tried again.</summary>
    Retried,

    /// <summary>The channel has not taken it, and will not be tried again.</summary>
    Failed,
}

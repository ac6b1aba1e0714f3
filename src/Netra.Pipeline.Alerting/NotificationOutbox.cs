using Netra.Pipeline.Failures;

namespace Netra.Pipeline.Alerting;

/// <summary>
/// Tells channels what waits for them: one notification at a time over each, all of them at once. It is woken by what comes, so an alert is told when it fires. Safe from any thread.
/// </summary>
internal sealed class NotificationOutbox : IDisposable
{
    private readonly Dictionary<string, ChannelQueue> _queues;
    private readonly FailureReporter _failures;
    private readonly AlertingOptions _options;
    private readonly Action<OutboxEntry, NotificationOutcome, string> _conclude;

    /// <summary>The outbox of all channels.</summary>
    /// <param name="notifiers">The channels; their names differ.</param>
    /// <param name="options">How patient they are.</param>
    /// <param name="failures">Is told of what a channel has not taken after its last try.</param>
    /// <param name="time">Times the tries.</param>
    /// <param name="clock">The time.</param>
    /// <param name="conclude">Takes what came of each try, with the entry as it is afterwards and the reason. Must not throw.</param>
    public NotificationOutbox(
        IEnumerable<INotifier> notifiers, AlertingOptions options, FailureReporter failures, TimeProvider time, AlertClock clock, Action<OutboxEntry, NotificationOutcome, string> conclude)
    {
        (_options, _failures, _conclude) = (options, failures, conclude);
        _queues = notifiers.ToDictionary(
            static notifier => notifier.Name, notifier => new ChannelQueue(notifier, options, time, clock, Conclude), StringComparer.Ordinal);
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

    /// <summary>Tells a channel something once, now.</summary>
    /// <returns>Why it has not taken it; null when it has.</returns>
    /// <exception cref="KeyNotFoundException">There is no such channel.</exception>
    public Task<string?> TryOnceAsync(string channel, AlertNotification notification, CancellationToken cancellationToken) => _queues[channel].TryOnceAsync(notification, cancellationToken);

    public Task RunAsync(CancellationToken cancellationToken) => Task.WhenAll(_queues.Select(queue => ServeAsync(queue.Key, queue.Value, cancellationToken)));

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
                // What it was about is done: a queue takes a notification off before it says what came of it. So the next one can go on.
                _failures.Report(new Failure(FailureCode.BackgroundFailed, "notify", $"The queue of channel {channel} failed; it goes on: {exception.Message}") { Exception = exception });
            }
        }
    }

    private void Conclude(OutboxEntry entry, NotificationOutcome outcome, string reason)
    {
        if (outcome == NotificationOutcome.Failed)
        {
            var notification = entry.Notification;
            _failures.Report(new Failure(
                FailureCode.NotificationFailed, "notify",
                $"Channel {entry.Channel} has not taken the notification {AlertNames.Of(notification.Kind)} of {notification.RuleName} after {entry.Attempts} tries: {reason}")
            {
                Numbers = new Dictionary<string, long>(StringComparer.Ordinal) { ["attempts"] = entry.Attempts },
            });
        }

        _conclude(entry, outcome, reason);
    }
}

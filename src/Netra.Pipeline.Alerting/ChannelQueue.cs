using Netra.Pipeline.Diagnostics;
using Netra.Pipeline.Failures;

namespace Netra.Pipeline.Alerting;

/// <summary>
/// The notifications that wait for one channel, and the loop that sends them, one at a time. Those of one incident are sent in order; those
/// of other incidents do not wait for one that is tried again.
/// </summary>
/// <remarks>
/// Safe from any thread: a lock guards the list, and a semaphore lets one call of the notifier at a time through. A notifier that ignores
/// its cancellation blocks its channel until it returns; notifications that come due meanwhile fail by their timeout and go to the next
/// channel.
/// </remarks>
internal sealed class ChannelQueue : IDisposable
{
    // A channel that asks for a longer pause is treated as one that fails.
    private static readonly TimeSpan MaxRetryAfter = TimeSpan.FromHours(1);

    private readonly INotifier _notifier;
    private readonly AlertingOptions _options;
    private readonly TimeProvider _time;
    private readonly AlertClock _clock;
    private readonly Action<OutboxEntry, NotificationOutcome, string> _conclude;
    private readonly WakeSignal _wake;
    private readonly SemaphoreSlim _turn = new(1, 1);
    private readonly Lock _gate = new();
    private readonly List<OutboxEntry> _waiting = [];
    private Task _lastCall = Task.CompletedTask;
    private DateTimeOffset _dueAt = DateTimeOffset.MinValue;

    /// <summary>The queue of a channel.</summary>
    /// <param name="notifier">The channel.</param>
    /// <param name="options">Timeouts, tries and limits.</param>
    /// <param name="time">Times the tries.</param>
    /// <param name="clock">The time.</param>
    /// <param name="conclude">Gets the outcome of each try, with the entry as it is afterwards and the reason. Must not throw.</param>
    public ChannelQueue(
        INotifier notifier,
        AlertingOptions options,
        TimeProvider time,
        AlertClock clock,
        Action<OutboxEntry, NotificationOutcome, string> conclude)
    {
        (_notifier, _options, _time, _clock, _conclude) = (notifier, options, time, clock, conclude);
        _wake = new WakeSignal(time);
    }

    /// <returns>Whether there was room.</returns>
    public bool TryAdd(OutboxEntry entry)
    {
        lock (_gate)
        {
            if (_waiting.Count >= _options.MaxWaiting)
            {
                return false;
            }

            _waiting.Add(entry);
        }

        _wake.Set();
        return true;
    }

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            if (NextDue(out var pause) is { } entry)
            {
                await SendAsync(entry, cancellationToken);
            }
            else
            {
                await _wake.WaitAsync(pause, cancellationToken);
            }
        }
    }

    /// <summary>Sends a notification now, with one try.</summary>
    /// <returns>Why the channel has not taken it; null when it has.</returns>
    public async Task<string?> TryOnceAsync(AlertNotification notification, CancellationToken cancellationToken)
    {
        var failure = await CallAsync(notification, cancellationToken);
        lock (_gate)
        {
            _dueAt = Later(_dueAt, _clock.Now + _notifier.MinInterval);
        }

        return failure?.Message;
    }

    public void Dispose() => _turn.Dispose();

    private static DateTimeOffset Later(DateTimeOffset one, DateTimeOffset other) => one > other ? one : other;

    private OutboxEntry? NextDue(out TimeSpan pause)
    {
        pause = TimeSpan.MaxValue;
        lock (_gate)
        {
            var now = _clock.Now;
            var incidents = new HashSet<string>(StringComparer.Ordinal);
            foreach (var entry in _waiting)
            {
                if (!incidents.Add(entry.Notification.IncidentKey))
                {
                    continue;
                }

                var due = Later(entry.DueAt, _dueAt);
                if (due <= now)
                {
                    return entry;
                }

                pause = due - now < pause ? due - now : pause;
            }

            return null;
        }
    }

    private async Task SendAsync(OutboxEntry entry, CancellationToken cancellationToken)
    {
        var failure = await CallAsync(entry.Notification, cancellationToken);
        var attempts = entry.Attempts + 1;
        var after = entry with { Attempts = attempts };
        var outcome = NotificationOutcome.Sent;
        lock (_gate)
        {
            var index = _waiting.IndexOf(entry);
            _dueAt = _clock.Now + _notifier.MinInterval;
            if (failure is not null && IsTriedAgain(entry, attempts, failure))
            {
                outcome = NotificationOutcome.Retried;
                var pause = RetryPause.After(_options.FirstRetry, _options.MaxRetryPause, attempts - 1, Random.Shared.NextDouble());
                after = after with { DueAt = _clock.Now + pause };
                if (failure.RetryAfter is { } wanted)
                {
                    // The channel asks for the pause, so all its notifications wait.
                    _dueAt = Later(_dueAt, _clock.Now + wanted);
                    after = after with { DueAt = Later(after.DueAt, _dueAt) };
                }

                _waiting[index] = after;
            }
            else
            {
                outcome = failure is null ? NotificationOutcome.Sent : NotificationOutcome.Failed;
                _waiting.RemoveAt(index);
            }
        }

        _conclude(after, outcome, failure?.Message ?? string.Empty);
    }

    private bool IsTriedAgain(OutboxEntry entry, int attempts, NotificationFailedException failure)
        => !failure.IsPermanent && !entry.IsOnce && attempts < _options.Tries && !(failure.RetryAfter > MaxRetryAfter);

    private async Task<NotificationFailedException?> CallAsync(AlertNotification notification, CancellationToken cancellationToken)
    {
        using var timeout = new CancellationTokenSource(_options.NotifyTimeout, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
        var hasTurn = false;
        try
        {
            await _turn.WaitAsync(either.Token);
            hasTurn = true;

            // A call that has timed out may still run, and the notifier takes one at a time.
            await _lastCall.WaitAsync(either.Token);
            var call = Task.Run(() => _notifier.NotifyAsync(notification, either.Token), CancellationToken.None);
            _lastCall = call.ContinueWith(
                static ended => _ = ended.Exception,
                CancellationToken.None,
                TaskContinuationOptions.ExecuteSynchronously,
                TaskScheduler.Default);
            await call.WaitAsync(either.Token);
            return null;
        }
        catch (NotificationFailedException exception)
        {
            return exception;
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            throw;
        }
        catch (OperationCanceledException exception) when (timeout.IsCancellationRequested)
        {
            var reason = $"it did not answer within {_options.NotifyTimeout} (Netra:Alerting:NotifyTimeout)";
            return new NotificationFailedException(reason, isPermanent: false, innerException: exception);
        }
        catch (Exception exception)
        {
            var reason = $"{exception.GetType().Name}: {exception.Message}";
            return new NotificationFailedException(reason, isPermanent: false, innerException: exception);
        }
        finally
        {
            if (hasTurn)
            {
                _turn.Release();
            }
        }
    }
}

using Netra.Pipeline.Diagnostics;
using Netra.Pipeline.Failures;

namespace Netra.Pipeline.Alerting;

/// <summary>
/// What waits for one channel, and the loop that tells it, one notification at a time. Those of one incident stay in order; those of others do not wait for one that is tried again.
/// </summary>
/// <remarks>
/// Safe from any thread: a lock guards what waits, and a turn lets one call of the notifier at a time through. A notifier that ignores its cancellation holds its channel until it returns; what comes due meanwhile fails by time,
/// so that the next channel is told.
/// </remarks>
internal sealed class ChannelQueue : IDisposable
{
    // Whoever asks to be left alone for longer is as good as gone.
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

    /// <summary>The line of a channel.</summary>
    /// <param name="notifier">The channel.</param>
    /// <param name="options">How patient it is.</param>
    /// <param name="time">Times the tries.</param>
    /// <param name="clock">The time.</param>
    /// <param name="conclude">Takes what came of each try, with the entry as it is afterwards and the reason. Must not throw.</param>
    public ChannelQueue(INotifier notifier, AlertingOptions options, TimeProvider time, AlertClock clock, Action<OutboxEntry, NotificationOutcome, string> conclude)
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
                await AttendAsync(entry, cancellationToken);
            }
            else
            {
                await _wake.WaitAsync(pause, cancellationToken);
            }
        }
    }

    /// <summary>Tells the channel something once, now.</summary>
    /// <returns>Why it has not taken it; null when it has.</returns>
    public async Task<string?> TryOnceAsync(AlertNotification notification, CancellationToken cancellationToken)
    {
        var failure = await CallAsync(notification, cancellationToken);
        lock (_gate)
        {
            _dueAt = _clock.Now + _notifier.MinInterval > _dueAt ? _clock.Now + _notifier.MinInterval : _dueAt;
        }

        return failure?.Message;
    }

    public void Dispose() => _turn.Dispose();

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

                var due = entry.DueAt > _dueAt ? entry.DueAt : _dueAt;
                if (due <= now)
                {
                    return entry;
                }

                pause = due - now < pause ? due - now : pause;
            }

            return null;
        }
    }

    private async Task AttendAsync(OutboxEntry entry, CancellationToken cancellationToken)
    {
        var failure = await CallAsync(entry.Notification, cancellationToken);
        var attempts = entry.Attempts + 1;
        var after = entry with { Attempts = attempts };
        var outcome = NotificationOutcome.Sent;
        lock (_gate)
        {
            var index = _waiting.IndexOf(entry);
            _dueAt = _clock.Now + _notifier.MinInterval;
            if (failure is not null && !failure.IsPermanent && !entry.IsOnce && attempts < _options.Tries && !(failure.RetryAfter > MaxRetryAfter))
            {
                outcome = NotificationOutcome.Retried;
                after = after with { DueAt = _clock.Now + RetryPause.After(_options.FirstRetry, _options.MaxRetryPause, attempts - 1, Random.Shared.NextDouble()) };
                if (failure.RetryAfter is { } wanted)
                {
                    // It is the channel that asks for it, so all that waits for it waits.
                    _dueAt = _clock.Now + wanted > _dueAt ? _clock.Now + wanted : _dueAt;
                    after = after with { DueAt = after.DueAt > _dueAt ? after.DueAt : _dueAt };
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

    private async Task<NotificationFailedException?> CallAsync(AlertNotification notification, CancellationToken cancellationToken)
    {
        using var timeout = new CancellationTokenSource(_options.NotifyTimeout, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
        var hasTurn = false;
        try
        {
            await _turn.WaitAsync(either.Token);
            hasTurn = true;

            // One that was given up may still be in the notifier, which takes one at a time.
            await _lastCall.WaitAsync(either.Token);
            var call = Task.Run(() => _notifier.NotifyAsync(notification, either.Token), CancellationToken.None);
            _lastCall = call.ContinueWith(static ended => _ = ended.Exception, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
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
            return new NotificationFailedException($"it did not answer within {_options.NotifyTimeout} (Netra:Alerting:NotifyTimeout)", isPermanent: false, innerException: exception);
        }
        catch (Exception exception)
        {
            return new NotificationFailedException($"{exception.GetType().Name}: {exception.Message}", isPermanent: false, innerException: exception);
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

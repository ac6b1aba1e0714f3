using Netra.Pipeline.Delivery;
using Netra.Pipeline.Diagnostics;
using Netra.Pipeline.Failures;
using Netra.Pipeline.Sqlite;

namespace Netra.Pipeline.Alerting;

/// <summary>
/// Stores changes in the order in which they were made, and then hands their notifications to the outbox. When the store fails, that is
/// reported, the changes are kept and stored later, and their notifications are sent all the same.
/// </summary>
/// <remarks>
/// <see cref="Add"/> and <see cref="FlushAsync"/> may be called from any thread; a lock guards the changes that wait. One loop stores them;
/// after its end, <see cref="FlushAsync"/> does. Bounded: the documents by the limits of alerting; the history and operators' actions by a
/// limit above which the oldest are dropped, which is reported.
/// </remarks>
internal sealed class AlertWriter
{
    private const int MaxWaitingEntries = 10_000;
    private static readonly TimeSpan RetryPause = TimeSpan.FromSeconds(5);

    private readonly AlertStore _store;
    private readonly NotificationOutbox _outbox;
    private readonly FailureDigest _failed;
    private readonly Func<bool> _isExplained;
    private readonly WakeSignal _wake;
    private readonly Lock _gate = new();
    private AlertChanges _waiting = new();
    private TaskCompletionSource _round = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _dropped;
    private bool _isRetrying;
    private bool _isStopped;

    /// <param name="store">Where changes are stored.</param>
    /// <param name="outbox">Gets the notifications.</param>
    /// <param name="failures">Gets a failure for what cannot be stored.</param>
    /// <param name="isExplained">
    /// Whether the event log cannot store either: then the disk is the cause, which is reported by itself.
    /// </param>
    /// <param name="time">The clock.</param>
    public AlertWriter(AlertStore store, NotificationOutbox outbox, FailureReporter failures, Func<bool> isExplained, TimeProvider time)
    {
        (_store, _outbox, _isExplained, _wake) = (store, outbox, isExplained, new WakeSignal(time));
        _failed = new FailureDigest(
            time, (count, what, exception) => failures.Report(DeliveryFailures.Trouble("alerts", what, count, exception)));
    }

    public void Add(AlertChanges changes)
    {
        if (changes.IsEmpty)
        {
            return;
        }

        lock (_gate)
        {
            _dropped += _waiting.Merge(changes, MaxWaitingEntries);
        }

        _wake.Set();
    }

    /// <summary>Completes when all changes that were added are stored, or could not be stored, which is reported.</summary>
    public Task FlushAsync(CancellationToken cancellationToken)
    {
        Task round;
        lock (_gate)
        {
            if (_waiting.IsEmpty)
            {
                return Task.CompletedTask;
            }

            round = _round.Task;
        }

        if (Volatile.Read(ref _isStopped))
        {
            // The loop has ended, so the caller stores its changes itself.
            Store();
        }

        return round.WaitAsync(cancellationToken);
    }

    /// <summary>Stores changes until it is cancelled, and then those that are left.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        try
        {
            while (true)
            {
                Store();
                await _wake.WaitAsync(_isRetrying ? RetryPause : TimeSpan.MaxValue, cancellationToken);
            }
        }
        finally
        {
            Volatile.Write(ref _isStopped, true);
            Store();
        }
    }

    private void Store()
    {
        AlertChanges changes;
        TaskCompletionSource round;
        IReadOnlyList<OutboxEntry> notifications;
        int dropped;
        lock (_gate)
        {
            (dropped, _dropped) = (_dropped, 0);
            if (_waiting.IsEmpty)
            {
                return;
            }

            // Callers that flush from here on wait for the next round.
            (changes, _waiting) = (_waiting, new AlertChanges());
            (round, _round) = (_round, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
            notifications = changes.TakeNotifications();
        }

        try
        {
            _store.Write(changes);
            _isRetrying = false;
        }
        catch (Exception exception)
        {
            _isRetrying = true;
            lock (_gate)
            {
                dropped += changes.Merge(_waiting, MaxWaitingEntries);
                _waiting = changes;
            }

            if (!_isExplained())
            {
                _failed.Add(
                    $"{AlertStore.Name} cannot be written, so alerts are told from memory: {SqliteFile.Explain(exception)}", exception);
            }
        }

        if (dropped > 0)
        {
            _failed.Add(
                $"{dropped} entries of history and audit are lost: more than {MaxWaitingEntries} wait for {AlertStore.Name}, "
                + "which cannot be written");
        }

        try
        {
            _outbox.Add(notifications);
        }
        catch (Exception exception)
        {
            _failed.Add(
                "notifications could not be handed to their channels; those that are stored are told after a restart", exception);
        }

        round.TrySetResult();
    }
}

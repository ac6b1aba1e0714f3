using System.Threading.Channels;
using Microsoft.Extensions.Options;
using Netra.Pipeline.Diagnostics;
using Netra.Pipeline.Failures;

namespace Netra.Pipeline.Delivery;

/// <summary>
/// Tells all notifiers of emergencies. Each has a queue of its own, so that none holds up another, nor the caller. Safe from any thread.
/// </summary>
internal sealed class EmergencyNotifications(
    IEnumerable<IEmergencyNotifier> notifiers, FailureReporter failures, IOptions<DeliveryOptions> options, ServedTime time)
{
    private readonly NotifierQueue[] _queues =
        [.. notifiers.Select(notifier => new NotifierQueue(notifier, failures, options.Value, time))];

    public void Tell(Failure emergency)
    {
        foreach (var queue in _queues)
        {
            queue.Tell(emergency);
        }
    }

    /// <summary>Takes no more, and waits for what has been told; for as long as one call may take.</summary>
    public Task StopAsync() => Task.WhenAll(_queues.Select(static queue => queue.StopAsync()));
}

/// <summary>
/// The emergencies that wait for one notifier, bounded, and the loop that tells it of them, one at a time. A call that
/// ignores its cancellation is reported when its time is over; until it returns the queue waits, so that calls that
/// hang do not pile up. Safe from any thread.
/// </summary>
internal sealed class NotifierQueue
{
    private const string Operation = "emergency notifier";

    private readonly IEmergencyNotifier _notifier;
    private readonly FailureReporter _failures;
    private readonly DeliveryOptions _options;
    private readonly TimeProvider _time;
    private readonly Channel<Failure> _waiting;
    private readonly Task _running;
    private readonly string _name;

    public NotifierQueue(IEmergencyNotifier notifier, FailureReporter failures, DeliveryOptions options, TimeProvider time)
    {
        (_notifier, _failures, _options, _time) = (notifier, failures, options, time);
        _name = notifier.GetType().Name;
        _waiting = Channel.CreateBounded<Failure>(new BoundedChannelOptions(options.EmergencyQueue) { SingleReader = true });
        _running = Task.Run(RunAsync);
    }

    public void Tell(Failure emergency)
    {
        if (!_waiting.Writer.TryWrite(emergency))
        {
            Report(
                $"{_name} is not told of an emergency of {emergency.UserId}: "
                + $"{_options.EmergencyQueue} wait already (Netra:Delivery:EmergencyQueue), or the host stops",
                1);
        }
    }

    public async Task StopAsync()
    {
        _waiting.Writer.TryComplete();
        try
        {
            await _running.WaitAsync(_options.EmergencyTimeout, _time);
        }
        catch (TimeoutException)
        {
            Report(
                $"{_name} was not told of all emergencies when the host stopped; it takes longer than {_options.EmergencyTimeout} "
                + "(Netra:Delivery:EmergencyTimeout)",
                _waiting.Reader.Count);
        }
    }

    private async Task RunAsync()
    {
        await foreach (var emergency in _waiting.Reader.ReadAllAsync())
        {
            await NotifyAsync(emergency);
        }
    }

    private async Task NotifyAsync(Failure emergency)
    {
        using var timeout = new CancellationTokenSource(_options.EmergencyTimeout, _time);
        var call = Task.Run(() => _notifier.NotifyAsync(emergency, timeout.Token));
        try
        {
            await call.WaitAsync(timeout.Token);
            return;
        }
        catch (OperationCanceledException) when (timeout.IsCancellationRequested)
        {
            Report(
                $"{_name} did not take an emergency of {emergency.UserId} within {_options.EmergencyTimeout} "
                + "(Netra:Delivery:EmergencyTimeout)",
                1);
        }
        catch (Exception exception)
        {
            Report($"{_name} failed", 1, exception);
            return;
        }

        try
        {
            await call;
        }
        catch (OperationCanceledException)
        {
            // As it was told to.
        }
        catch (Exception exception)
        {
            Report($"{_name} failed after its time was over", 1, exception);
        }
    }

    private void Report(string what, long count, Exception? exception = null)
        => _failures.Report(DeliveryFailures.Trouble(Operation, what, count, exception));
}

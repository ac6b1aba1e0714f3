using Microsoft.Extensions.Options;
using Netra.Pipeline.Diagnostics;
using Netra.Pipeline.Failures;

namespace Netra.Pipeline.Delivery;

/// <summary>Tells all notifiers of emergencies. Each has a line of its own, so that none holds up another, nor whoever tells. Safe from any thread.</summary>
internal sealed class EmergencyNotifications(
    IEnumerable<IEmergencyNotifier> notifiers, FailureReporter failures, IOptions<DeliveryOptions> options, ServedTime time)
{
    private readonly EmergencyLine[] _lines = [.. notifiers.Select(notifier => new EmergencyLine(notifier, failures, options.Value, time))];

    public void Tell(Failure emergency)
    {
        foreach (var line in _lines)
        {
            line.Tell(emergency);
        }
    }

    /// <summary>Takes no more, and waits for what has been told; for as long as one call may take.</summary>
    public Task StopAsync() => Task.WhenAll(_lines.Select(static line => line.StopAsync()));
}

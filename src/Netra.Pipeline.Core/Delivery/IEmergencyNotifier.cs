using Netra.Pipeline.Failures;

namespace Netra.Pipeline.Delivery;

/// <summary>
/// Tells the outside (a pager, a chat channel) that critical events could not be delivered. Register it with
/// <c>AddEmergencyNotifier</c>; there may be several.
/// </summary>
public interface IEmergencyNotifier
{
    /// <summary>
    /// Tells of one emergency. Called in the background, one call at a time for each notifier; what it throws is reported, and so is a call
    /// that takes longer than <see cref="DeliveryOptions.EmergencyTimeout"/>.
    /// </summary>
    /// <param name="emergency">
    /// What happened (its code is <see cref="FailureCode.CriticalDeliveryFailed"/>), to whom, and the numbers of the case: <c>from</c>,
    /// <c>to</c>, <c>count</c>, <c>attempts</c>. It has been reported already.
    /// </param>
    /// <param name="cancellationToken">Fires when it takes too long. Until the call returns, no further one is made.</param>
    Task NotifyAsync(Failure emergency, CancellationToken cancellationToken);
}

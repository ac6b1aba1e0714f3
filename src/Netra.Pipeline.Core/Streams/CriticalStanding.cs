namespace Netra.Pipeline.Streams;

/// <summary>How a stream stands with its critical events, as seen by the devices that could confirm them now: connected, not frozen, past what they had missed.</summary>
/// <param name="IsSettled">Whether the event that was asked about needs no confirmation any more: confirmed, a dead letter, or deleted.</param>
/// <param name="IsOwed">Whether one of these devices has been sent that event and has not confirmed it.</param>
/// <param name="OldestOwed">The oldest critical event that one of them has been sent and nobody has confirmed; 0 when there is none.</param>
/// <param name="Told">The highest number that those who owe something have been sent.</param>
internal readonly record struct CriticalStanding(bool IsSettled, bool IsOwed, long OldestOwed, long Told);

namespace Netra.Pipeline.Log;

/// <summary>A page of stored events.</summary>
/// <param name="Events">
/// In order and without gaps among themselves. When the first one is above the number that was asked for, the numbers between are expired.
/// Empty when nothing of the range is kept any more.
/// </param>
public sealed record EventPage(IReadOnlyList<StoredEvent> Events);

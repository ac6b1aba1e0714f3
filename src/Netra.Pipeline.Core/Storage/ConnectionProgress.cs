namespace Netra.Pipeline.Storage;

/// <summary>How far a connection had come at a moment.</summary>
/// <param name="ConnectionId">The connection.</param>
/// <param name="At">The moment.</param>
/// <param name="From">Where it began: lower numbers and this one were never sent on it.</param>
/// <param name="Queued">The highest number that was in its queue or its replay.</param>
/// <param name="Written">The highest number that was handed to its transport.</param>
/// <param name="Acknowledged">The highest number that it acknowledged.</param>
public readonly record struct ConnectionProgress(string ConnectionId, DateTimeOffset At, long From, long Queued, long Written, long Acknowledged);

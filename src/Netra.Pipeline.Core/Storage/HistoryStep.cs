namespace Netra.Pipeline.Storage;

/// <summary>Something that happened to an event.</summary>
/// <param name="Stage">What.</param>
/// <param name="At">When; for what happens on a connection, to the second.</param>
/// <param name="ConnectionId">On which connection, if on one.</param>
public sealed record HistoryStep(HistoryStage Stage, DateTimeOffset At, string? ConnectionId = null);

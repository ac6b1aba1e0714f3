namespace Netra.Pipeline.Storage;

/// <summary>What is known of an event.</summary>
/// <param name="Buffer">The owner tag and the encoded event; null when it is expired and no dead letter.</param>
/// <param name="Steps">What happened to it, in order of time.</param>
/// <param name="IsComplete">False when older steps were not looked for, or are deleted.</param>
public sealed record EventHistory(byte[]? Buffer, IReadOnlyList<HistoryStep> Steps, bool IsComplete);

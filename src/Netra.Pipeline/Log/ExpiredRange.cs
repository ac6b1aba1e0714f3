namespace Netra.Pipeline.Log;

/// <summary>Events of one stream that retention has deleted.</summary>
/// <param name="UserId">The user whose events they were.</param>
/// <param name="Range">Their numbers.</param>
/// <param name="Unacknowledged">
/// How many of them nobody had acknowledged, by what the log was given at the last <see cref="IEventLog.ReleaseAsync"/>. While the stream is open its owner knows better.
/// </param>
public readonly record struct ExpiredRange(string UserId, SeqRange Range, long Unacknowledged);

namespace Netra.Pipeline.Log;

/// <summary>Events of one stream that retention has deleted.</summary>
/// <param name="UserId">The user whose events they were.</param>
/// <param name="Range">Their numbers.</param>
public readonly record struct ExpiredRange(string UserId, SeqRange Range);

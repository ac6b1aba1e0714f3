namespace Netra.Pipeline.Publishing;

/// <summary>Whose event it is, as the publisher wrote it: nothing is checked yet. Events of one run share it, and with it one emitter.</summary>
internal sealed record PublishTarget(string? UserId, string? ThreadId, string? RunId, string? TraceParent, string? TraceState);

namespace Netra.Pipeline.Alerting;

/// <summary>One thing that became of an alert or a notification. Immutable.</summary>
/// <param name="Number">Its place in the history.</param>
/// <param name="At">When.</param>
/// <param name="What">What: <c>firing</c>, <c>resolved</c>, <c>trigger</c>, <c>escalate</c>, <c>acknowledge</c>, <c>acknowledgement_expired</c>, <c>resolve</c>, <c>sent</c>, <c>retry</c>, <c>failed</c>, <c>silence_expired</c>.</param>
/// <param name="AlertId">The alert, when it is of one.</param>
/// <param name="Name">The rule, when it is of one.</param>
/// <param name="Detail">More, for people.</param>
public sealed record AlertHistoryEntry(long Number, DateTimeOffset At, string What, string? AlertId, string? Name, string Detail);

namespace Netra.Pipeline.Alerting;

/// <summary>One entry of the history of alerts and notifications. Immutable.</summary>
/// <param name="Number">Its place in the history.</param>
/// <param name="At">When.</param>
/// <param name="What">
/// What has happened: <c>firing</c>, <c>resolved</c>, <c>trigger</c>, <c>escalate</c>, <c>acknowledge</c>, <c>acknowledgement_expired</c>,
/// <c>resolve</c>, <c>sent</c>, <c>retry</c>, <c>failed</c>, <c>silence_expired</c>.
/// </param>
/// <param name="AlertId">The alert, if the entry is about one.</param>
/// <param name="Name">The rule, if the entry is about one.</param>
/// <param name="Detail">More, for people.</param>
public sealed record AlertHistoryEntry(long Number, DateTimeOffset At, string What, string? AlertId, string? Name, string Detail);

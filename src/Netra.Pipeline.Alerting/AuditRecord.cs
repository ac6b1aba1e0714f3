namespace Netra.Pipeline.Alerting;

/// <summary>Somebody changed, or read, something. Immutable.</summary>
/// <param name="Number">Its place in the audit.</param>
/// <param name="At">When.</param>
/// <param name="Author">Who.</param>
/// <param name="Action">What was done, such as <c>rule_changed</c>.</param>
/// <param name="Subject">To what, such as the rule's name.</param>
/// <param name="Detail">From what to what, for people.</param>
public sealed record AuditRecord(long Number, DateTimeOffset At, string Author, string Action, string Subject, string Detail);

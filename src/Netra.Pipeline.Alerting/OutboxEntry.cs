namespace Netra.Pipeline.Alerting;

/// <summary>A notification on its way to one channel. Immutable.</summary>
/// <param name="Notification">What is told.</param>
/// <param name="Channel">To which channel.</param>
/// <param name="Scope">Of which incident; see <see cref="Incident.Scope"/>.</param>
/// <param name="Fallbacks">The channels that are told, one after the other, if this one cannot be.</param>
/// <param name="Attempts">How often it was tried.</param>
/// <param name="DueAt">When it is tried next.</param>
/// <param name="IsOnce">Whether it is tried only once, and neither kept nor told elsewhere: a sign of life.</param>
internal sealed record OutboxEntry(
    AlertNotification Notification, string Channel, string Scope, IReadOnlyList<string> Fallbacks, int Attempts, DateTimeOffset DueAt, bool IsOnce = false);

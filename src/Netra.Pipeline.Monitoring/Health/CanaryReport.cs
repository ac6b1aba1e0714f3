namespace Netra.Pipeline.Monitoring.Health;

/// <summary>What became of a canary.</summary>
/// <param name="At">When it ended.</param>
/// <param name="Problem">What went wrong, and at which step; null when nothing did.</param>
/// <param name="RoundTrip">How long it took.</param>
internal sealed record CanaryReport(DateTimeOffset At, string? Problem, TimeSpan RoundTrip);

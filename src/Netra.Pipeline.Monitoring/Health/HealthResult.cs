using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Netra.Pipeline.Monitoring.Health;

/// <summary>What a health check says.</summary>
/// <param name="Name">The check.</param>
/// <param name="Status">How it is.</param>
/// <param name="Description">Why, for people, without naming a user.</param>
/// <param name="Data">The numbers.</param>
internal sealed record HealthResult(string Name, HealthStatus Status, string Description, IReadOnlyDictionary<string, object> Data);

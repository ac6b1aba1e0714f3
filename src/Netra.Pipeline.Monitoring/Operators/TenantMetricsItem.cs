using Netra.Pipeline.Monitoring.Metrics;

namespace Netra.Pipeline.Monitoring.Operators;

/// <summary>The metrics of a tenant's users together, of those whose metrics are kept (docs/protocol.md, section 11).</summary>
internal sealed record TenantMetricsItem(
    string TenantId, int Users, int Connections, long Attempted, long Accepted, long Refused, long Delivered, long Failed)
{
    /// <param name="users">The tenant's users.</param>
    /// <param name="connections">How many connections they have at the moment.</param>
    public static TenantMetricsItem Of(IGrouping<string, UserMetrics> users, int connections) => new(
        users.Key,
        users.Count(),
        connections,
        users.Sum(static user => user.Accepted + user.Refused),
        users.Sum(static user => user.Accepted),
        users.Sum(static user => user.Refused),
        users.Sum(static user => user.Written),
        users.Sum(static user => user.Failures));
}

internal sealed record TenantMetricsList(IReadOnlyList<TenantMetricsItem> Tenants);

using Microsoft.Extensions.Options;
using Netra.Pipeline.Limits;

namespace Netra.Pipeline.Connections;

/// <summary>
/// The connections of each tenant, so that one tenant's cannot take all places. Users without a tenant are not counted. Safe to use from
/// any thread; the lock guards all state, which is as large as there are tenants with connections.
/// </summary>
internal sealed class TenantConnections(IOptions<PeerLimitOptions> options, ConnectionSlots slots, LimitMetrics metrics)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, int> _held = new(StringComparer.Ordinal);

    /// <summary>How many tenants have connections.</summary>
    public int Count
    {
        get
        {
            lock (_gate)
            {
                return _held.Count;
            }
        }
    }

    /// <summary>Takes a place for a connection. To be given back with <see cref="Release"/>.</summary>
    /// <param name="tenantId">The tenant; empty for none.</param>
    /// <returns>What stands in its way; null when it may be.</returns>
    public HandshakeRefusal? TryHold(string tenantId)
    {
        if (tenantId.Length == 0)
        {
            return null;
        }

        var most = options.Value.MaxConnectionsPerTenant ?? slots.HoldLimit;
        lock (_gate)
        {
            var held = _held.GetValueOrDefault(tenantId);
            if (held < most)
            {
                _held[tenantId] = held + 1;
                return null;
            }
        }

        metrics.Refused(Limit.ConnectionsOfTenant);
        return new HandshakeRefusal(
            503,
            "too_many_connections",
            $"{most} connections of the tenant are open, which is the limit (Netra:Limits:MaxConnectionsPerTenant).",
            RetryAfter: 1);
    }

    /// <summary>A connection has ended.</summary>
    /// <param name="tenantId">The tenant; empty for none.</param>
    public void Release(string tenantId)
    {
        if (tenantId.Length == 0)
        {
            return;
        }

        lock (_gate)
        {
            var held = _held[tenantId] - 1;
            if (held == 0)
            {
                _held.Remove(tenantId);
            }
            else
            {
                _held[tenantId] = held;
            }
        }
    }
}

using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.Options;
using Netra.Pipeline.Contexts;
using Netra.Pipeline.Diagnostics;
using Netra.Pipeline.Streams;
using Netra.Pipeline.Tenants;

namespace Netra.Pipeline.Monitoring.Metrics;

/// <summary>
/// The metrics of all users, each apart from the others. It is told when streams are loaded and unloaded, and each user's metrics are told
/// what happens in them. Bounded by <see cref="MonitoringOptions.MaxUsers"/>: the user whose stream was unloaded longest ago makes room,
/// and begins anew when it comes back. Safe from any thread.
/// </summary>
internal sealed class UserMetricsTable(
    IOptions<MonitoringOptions> options, DeliveryLatencies latencies, ServedTime time) : StreamObservers
{
    private readonly Lock _gate = new();

    // Those without a holder, the one released first at its beginning: a new user must not cost a search among all, since the log's writer
    // pays for it.
    private readonly LinkedList<UserMetrics> _resting = new();
    private readonly StreamMeasures _measures = new(latencies, time);
    private readonly long[] _forgotten = new long[UserMetrics.Types];
    private readonly SortedDictionary<string, UserMetrics> _users = new(StringComparer.Ordinal);

    /// <summary>
    /// The accepted events of all users since the process started, in the order of their types. Those of forgotten users are included.
    /// </summary>
    public long[] AcceptedByType()
    {
        lock (_gate)
        {
            var accepted = (long[])_forgotten.Clone();
            foreach (var user in _users.Values)
            {
                user.AddAcceptedTo(accepted);
            }

            return accepted;
        }
    }

    /// <summary>How many users have metrics; reserved users are left out.</summary>
    public int Count
    {
        get
        {
            lock (_gate)
            {
                return _users.Count;
            }
        }
    }

    /// <inheritdoc/>
    public override StreamObserver Open(string userKey)
    {
        if (IdentifierRules.IsReserved(userKey))
        {
            // The pipeline's own events count in no user metric.
            return StreamObserver.None;
        }

        lock (_gate)
        {
            if (!_users.TryGetValue(userKey, out var user))
            {
                ForgetDownTo(options.Value.MaxUsers - 1);
                user = new UserMetrics(userKey, _measures);
                _users.Add(userKey, user);
            }

            if (user.Holders++ == 0 && user.Resting.List is not null)
            {
                _resting.Remove(user.Resting);
            }

            return user;
        }
    }

    /// <inheritdoc/>
    public override void Close(StreamObserver observer)
    {
        if (observer is not UserMetrics user)
        {
            return;
        }

        lock (_gate)
        {
            if (--user.Holders == 0 && _users.TryGetValue(user.UserKey, out var known) && known == user)
            {
                _resting.AddLast(user.Resting);
                ForgetDownTo(options.Value.MaxUsers);
            }
        }
    }

    public bool TryGet(string userKey, [NotNullWhen(true)] out UserMetrics? user)
    {
        lock (_gate)
        {
            return _users.TryGetValue(userKey, out user);
        }
    }

    /// <summary>Forgets a user whose stream has ended.</summary>
    public void Erase(string userKey)
    {
        lock (_gate)
        {
            if (_users.Remove(userKey, out var user))
            {
                user.AddAcceptedTo(_forgotten);
                if (user.Resting.List is not null)
                {
                    _resting.Remove(user.Resting);
                }
            }
        }
    }

    /// <summary>A page of users in the order of their keys.</summary>
    /// <param name="tenantId">Of which tenant; null for all.</param>
    /// <param name="after">Only later keys.</param>
    /// <param name="limit">How many at most.</param>
    public IReadOnlyList<UserMetrics> Page(string? tenantId, string? after, int limit)
    {
        lock (_gate)
        {
            return
            [
                .. _users.Values
                    .Where(user => after is null || string.CompareOrdinal(user.UserKey, after) > 0)
                    .Where(user => tenantId is null || UserKey.TenantOf(user.UserKey) == tenantId)
                    .Take(limit)
            ];
        }
    }

    public IReadOnlyList<UserMetrics> All() => Page(tenantId: null, after: null, int.MaxValue);

    private void ForgetDownTo(int users)
    {
        // Those with a holder are bounded by the loaded streams. When there were many, more than one may have to go.
        while (_users.Count > users && _resting.First?.Value is { } oldest)
        {
            oldest.AddAcceptedTo(_forgotten);
            _resting.RemoveFirst();
            _users.Remove(oldest.UserKey);
        }
    }
}

using System.Runtime.InteropServices;
using Netra.Pipeline.Tenants;

namespace Netra.Pipeline.Runs;

/// <summary>How many runs are open, of each user, of each tenant and of each publisher. Guarded by the registry's lock.</summary>
internal sealed class OpenRunCounts
{
    private readonly Dictionary<string, int> _ofUsers = new(StringComparer.Ordinal);
    private readonly Dictionary<string, int> _ofTenants = new(StringComparer.Ordinal);
    private readonly Dictionary<string, int> _ofPublishers = new(StringComparer.Ordinal);

    public int OfUser(string userKey) => _ofUsers.GetValueOrDefault(userKey);

    /// <summary>Those of a user's tenant; none where the user has no tenant.</summary>
    public int OfTenantOf(string userKey) => UserKey.TenantOrNull(userKey) is { } tenantId ? _ofTenants.GetValueOrDefault(tenantId) : 0;

    public int OfPublisher(string publisherId) => _ofPublishers.GetValueOrDefault(publisherId);

    /// <summary>A run is open.</summary>
    public void Add(RunLife life, string publisherId)
    {
        life.CountedFor = publisherId;
        CollectionsMarshal.GetValueRefOrAddDefault(_ofUsers, life.Key.UserKey, out _)++;
        if (UserKey.TenantOrNull(life.Key.UserKey) is { } tenantId)
        {
            CollectionsMarshal.GetValueRefOrAddDefault(_ofTenants, tenantId, out _)++;
        }

        CollectionsMarshal.GetValueRefOrAddDefault(_ofPublishers, publisherId, out _)++;
    }

    /// <summary>A run is open no more, if it was.</summary>
    public void Remove(RunLife life)
    {
        if (life.CountedFor is { } publisherId)
        {
            life.CountedFor = null;
            Remove(_ofUsers, life.Key.UserKey);
            if (UserKey.TenantOrNull(life.Key.UserKey) is { } tenantId)
            {
                Remove(_ofTenants, tenantId);
            }

            Remove(_ofPublishers, publisherId);
        }
    }

    private static void Remove(Dictionary<string, int> counts, string id)
    {
        if (--CollectionsMarshal.GetValueRefOrNullRef(counts, id) == 0)
        {
            counts.Remove(id);
        }
    }
}

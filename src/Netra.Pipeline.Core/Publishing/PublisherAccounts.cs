using System.Collections.Concurrent;
using Microsoft.Extensions.Options;
using Netra.Pipeline.Diagnostics;
using Netra.Pipeline.Limits;

namespace Netra.Pipeline.Publishing;

/// <summary>What each publisher sends. Safe to use from any thread.</summary>
internal sealed class PublisherAccounts(IOptions<PeerLimitOptions> options, ServedTime time)
{
    // Those that rest are forgotten above it; nothing is lost by that.
    private const int MaxAccounts = 10_000;

    private readonly ConcurrentDictionary<string, PublisherAccount> _accounts = new(StringComparer.Ordinal);
    private readonly PublisherRates _rates = new(options.Value, time);

    /// <summary>The account of a publisher.</summary>
    /// <param name="id">Whose; empty for everybody who is not authenticated.</param>
    public PublisherAccount Of(string id)
    {
        if (_accounts.TryGetValue(id, out var account))
        {
            return account;
        }

        if (_accounts.Count >= MaxAccounts)
        {
            foreach (var (key, idle) in _accounts.Where(static other => other.Value.IsIdle))
            {
                _accounts.TryRemove(KeyValuePair.Create(key, idle));
            }
        }

        return _accounts.GetOrAdd(id, static (_, rates) => new PublisherAccount(rates), _rates);
    }
}

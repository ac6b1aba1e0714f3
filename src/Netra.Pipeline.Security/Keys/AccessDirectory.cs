using Netra.Pipeline.Access;
using Netra.Pipeline.Connections;
using Netra.Pipeline.Protocol;

namespace Netra.Pipeline.Security.Keys;

/// <summary>
/// What is known of keys and revocations in memory, beside the file: who a key is of, and what holds no more. A round each second notices
/// what other processes have changed, and ends what is over: requests that are open for long, and connections.
/// </summary>
/// <remarks>
/// Safe from any thread: a lock guards the tables, which are replaced as a whole, and another one has the file read by one thread at a
/// time; the store has its own.
/// </remarks>
internal sealed class AccessDirectory(
    Lazy<AccessStore> store, ConnectionRegistry connections, SecurityAudit audit, TimeProvider time) : IDisposable
{
    private static readonly TimeSpan TrimEvery = TimeSpan.FromMinutes(1);

    // Longer than a handshake may take that was let in just before its user was erased.
    private static readonly TimeSpan ErasedLately = TimeSpan.FromMinutes(1);

    private readonly Lock _reading = new();
    private readonly Lock _gate = new();
    private readonly HashSet<TokenLease> _leases = [];
    private Dictionary<string, KeyLease> _keys = new(StringComparer.Ordinal);
    private Dictionary<string, DateTimeOffset> _users = new(StringComparer.Ordinal);
    private HashSet<string> _tokens = new(StringComparer.Ordinal);
    private long _version = -1;
    private bool _hasRevoked;
    private bool _hasLostKeys;
    private bool _hasErased;
    private bool _hasTicked;
    private long? _erasedAt;
    private long _trimmedAt;

    /// <summary>The file.</summary>
    public AccessStore Store => store.Value;

    /// <summary>Whether there is a key that is good.</summary>
    public bool HasKeys
    {
        get
        {
            EnsureRead();
            lock (_gate)
            {
                return _keys.Values.Any(static lease => !lease.Ended.IsCancellationRequested);
            }
        }
    }

    /// <summary>Finds a key; null where it is unknown, has ended, or was revoked.</summary>
    public KeyLease? Find(string key)
    {
        EnsureRead();
        if (ApiKey.IdOf(key) is not { } id)
        {
            return null;
        }

        KeyLease? lease;
        lock (_gate)
        {
            _keys.TryGetValue(id, out lease);
        }

        return lease is not null && lease.Key.Is(key) && lease.Key.IsAlive(time.GetUtcNow()) ? lease : null;
    }

    /// <summary>Whether a key, by its id, is good.</summary>
    public bool IsAlive(string keyId)
    {
        EnsureRead();
        lock (_gate)
        {
            return _keys.TryGetValue(keyId, out var lease) && lease.Key.IsAlive(time.GetUtcNow());
        }
    }

    /// <summary>Whether a credential was revoked.</summary>
    public bool IsRevoked(ConnectionIdentity identity)
    {
        EnsureRead();
        lock (_gate)
        {
            return IsRevoked(identity.UserKey, identity.CredentialId, identity.IssuedAt)
                || (_hasErased && IsOfErased(identity.UserKey, identity.IssuedAt));
        }
    }

    /// <summary>Watches over a token while a request of it is open.</summary>
    /// <param name="identity">Whom the token names, and until when.</param>
    /// <returns>Its end; disposing it ends the watch.</returns>
    public TokenLease Watch(ConnectionIdentity identity)
    {
        var lease = new TokenLease(identity, time, Forget);
        lock (_gate)
        {
            _leases.Add(lease);
        }

        return lease;
    }

    /// <summary>Keeps a new key, which is good from now on.</summary>
    public void Add(ApiKey key)
    {
        Store.Add(key);
        Read();
    }

    /// <summary>Revokes a key.</summary>
    /// <returns>Whether there was one of that id that had not been revoked.</returns>
    public bool TryRevoke(string keyId)
    {
        var isRevoked = Store.TryRevoke(keyId, time.GetUtcNow());
        Read();
        return isRevoked;
    }

    /// <summary>Revokes a user's credentials, or a token.</summary>
    public void Revoke(Revocation revocation)
    {
        Store.Add(revocation);
        Read();
        EndRevoked();
    }

    /// <summary>
    /// Forgets an erased user. What was issued to the user until now holds no more; what does not say when it was issued is not known to
    /// be older, and holds on.
    /// </summary>
    public void Erase(Revocation revocation)
    {
        Store.Erase(revocation);
        lock (_gate)
        {
            _erasedAt = time.GetTimestamp();
        }

        Read();
        EndRevoked();
    }

    /// <summary>One round of the background loop.</summary>
    public void OnTick()
    {
        var isChanged = Store.Version() != Volatile.Read(ref _version);
        if (isChanged)
        {
            Read();
        }

        if (isChanged || !_hasTicked)
        {
            _hasTicked = true;
            foreach (var (target, at) in Store.TakeBackups())
            {
                audit.FolderCopied(target, at);
            }
        }

        EndOver();
        EndRevoked();
        if (time.GetElapsedTime(_trimmedAt) >= TrimEvery)
        {
            _trimmedAt = time.GetTimestamp();
            Store.Trim(time.GetUtcNow());
        }
    }

    public void Dispose()
    {
        lock (_gate)
        {
            foreach (var lease in _keys.Values)
            {
                lease.Dispose();
            }
        }

        if (store.IsValueCreated)
        {
            Store.Dispose();
        }
    }

    private void EnsureRead()
    {
        if (Volatile.Read(ref _version) < 0)
        {
            Read();
        }
    }

    // One after the other: what an earlier look has found must not take the place of what a later one has. The file's version would not
    // tell, since it does not change by what this process writes.
    private void Read()
    {
        lock (_reading)
        {
            ReadInTurn();
        }
    }

    private void ReadInTurn()
    {
        // The version first: what is changed after it is read once more.
        var version = Store.Version();
        var (keys, revocations) = (Store.Keys(), Store.Revocations(time.GetUtcNow()));
        List<KeyLease> gone = [];
        lock (_gate)
        {
            var isFirst = _version < 0;
            var next = new Dictionary<string, KeyLease>(StringComparer.Ordinal);
            foreach (var key in keys.Where(static key => key.RevokedAt is null))
            {
                if (_keys.Remove(key.Id, out var known))
                {
                    next.Add(key.Id, known);
                }
                else
                {
                    next.Add(key.Id, new KeyLease(key));
                    if (!isFirst)
                    {
                        var rights = string.Join(' ', AccessRightNames.NamesOf(key.Rights));
                        audit.KeyChanged(key.Id, key.Name, $"is good from now on, for {rights} and {key.Users}");
                    }
                }
            }

            gone.AddRange(_keys.Values);
            _hasLostKeys |= gone.Count > 0;
            _keys = next;
            _users = revocations
                .Where(static revocation => revocation.UserKey is not null)
                .GroupBy(static revocation => revocation.UserKey!, StringComparer.Ordinal)
                .ToDictionary(static group => group.Key, static group => group.Max(static one => one.RevokedAt), StringComparer.Ordinal);
            _tokens = revocations.Select(static revocation => revocation.TokenId).OfType<string>().ToHashSet(StringComparer.Ordinal);
            _hasRevoked = revocations.Count > 0;
            _hasErased = _users.Keys.Any(AccessStore.IsOfErased);
            Volatile.Write(ref _version, version);
        }

        foreach (var lease in gone)
        {
            audit.KeyChanged(lease.Key.Id, lease.Key.Name, "is revoked");
            lease.End();
        }
    }

    private void EndOver()
    {
        var now = time.GetUtcNow();
        List<KeyLease> over;
        lock (_gate)
        {
            over = [.. _keys.Values.Where(lease => !lease.Key.IsAlive(now) && !lease.Ended.IsCancellationRequested)];
        }

        over.ForEach(static lease => lease.End());
    }

    // Each second while anything is revoked: a handshake may have passed the check just before.
    private void EndRevoked()
    {
        List<TokenLease> leases;
        bool looksForErased;
        lock (_gate)
        {
            if (!_hasRevoked && !_hasLostKeys)
            {
                return;
            }

            looksForErased = _erasedAt is { } erasedAt && time.GetElapsedTime(erasedAt) < ErasedLately;
            leases = [.. _leases.Where(lease =>
                IsRevoked(lease.Identity.UserKey, lease.Identity.CredentialId, lease.Identity.IssuedAt)
                || (looksForErased && IsOfErased(lease.Identity.UserKey, lease.Identity.IssuedAt)))];
        }

        leases.ForEach(static lease => lease.End());
        foreach (var connection in connections.All)
        {
            // One without a name and an end, as in Development, is as old as the connection: whoever comes back is let in.
            var credential = connection.Credential;
            var issuedAt = credential?.IssuedAt ?? connection.OpenedAt;
            bool isRevoked;
            lock (_gate)
            {
                isRevoked = IsRevoked(connection.UserKey, credential?.Identity.CredentialId, issuedAt)
                    || (looksForErased && IsOfErased(connection.UserKey, issuedAt));
            }

            if (isRevoked)
            {
                connection.End(ConnectionEndReason.CredentialRevoked);
            }
        }
    }

    private bool IsRevoked(string userKey, string? credentialId, DateTimeOffset? issuedAt)
        => (_users.TryGetValue(userKey, out var revokedAt) && (issuedAt is not { } issued || issued <= revokedAt))
            || (credentialId is not null && (_tokens.Contains(credentialId) || IsOfLostKey(credentialId)));

    // A session of a key, and what it has opened, end with the key.
    private bool IsOfLostKey(string credentialId)
        => credentialId.StartsWith(ApiKey.SessionPrefix, StringComparison.Ordinal)
            && !_keys.ContainsKey(credentialId[ApiKey.SessionPrefix.Length..]);

    private bool IsOfErased(string userKey, DateTimeOffset? issuedAt)
        => issuedAt is { } issued && _users.TryGetValue(Store.NameOfErased(userKey), out var erasedAt) && issued <= erasedAt;

    private void Forget(TokenLease lease)
    {
        lock (_gate)
        {
            _leases.Remove(lease);
        }
    }
}

using System.Security.Cryptography;
using System.Text;
using Netra.Pipeline.Access;
using Netra.Pipeline.Failures;
using Netra.Pipeline.Sqlite;
using Netra.Pipeline.Tenants;

namespace Netra.Pipeline.Security.Keys;

/// <summary>
/// The file of API keys, tickets and revocations, <c>access.db</c> in the data folder. Several processes may have it open: the server, its
/// successor, and the command <c>keys</c>. Keys and revocations are on the disk when they are said to be; tickets, which are good for
/// seconds, do not wait for it. Safe from any thread: a lock guards each of the two connections, for as long as a small transaction takes.
/// </summary>
internal sealed class AccessStore : IDisposable
{
    /// <summary>The file's name in the data directory.</summary>
    public const string Name = "access.db";

    private static readonly TimeSpan BusyTimeout = TimeSpan.FromSeconds(5);

    private static readonly IReadOnlyList<SqliteMigration> Migrations =
    [
        new(1, """
            CREATE TABLE keys(
                id TEXT NOT NULL PRIMARY KEY, name TEXT NOT NULL, hash BLOB NOT NULL, rights INTEGER NOT NULL, users TEXT NOT NULL,
                created_at INTEGER NOT NULL, expires_at INTEGER, revoked_at INTEGER) WITHOUT ROWID;
            CREATE TABLE revocations(
                number INTEGER PRIMARY KEY, user_id TEXT, token_id TEXT, revoked_at INTEGER NOT NULL, until INTEGER NOT NULL);
            CREATE TABLE tickets(
                hash BLOB NOT NULL PRIMARY KEY, user_id TEXT NOT NULL, credential_id TEXT, issued_at INTEGER, ends_at INTEGER,
                expires_at INTEGER NOT NULL) WITHOUT ROWID;
            CREATE INDEX tickets_of_user ON tickets(user_id);
            CREATE INDEX tickets_by_end ON tickets(expires_at);
            """),

        // What the names of erased users are hashed with, and copies of the folder that no server has told of yet.
        new(2, """
            CREATE TABLE secret(key BLOB NOT NULL);
            INSERT INTO secret VALUES(randomblob(32));
            CREATE TABLE backups(number INTEGER PRIMARY KEY, target TEXT NOT NULL, at INTEGER NOT NULL);
            """),

        // The tenant of a key's users: empty for those without one, * for every tenant. Keys for everybody go on being that.
        new(3, "ALTER TABLE keys ADD COLUMN tenant TEXT NOT NULL DEFAULT ''; UPDATE keys SET tenant = '*' WHERE users = '*'"),
    ];

    // What nobody can be called. A revocation of an erased user is kept under it and a hash.
    private const string ErasedPrefix = "$erased/";
    private const int HashBytes = 16;

    private readonly Lock _slowGate = new();
    private readonly Lock _fastGate;
    private readonly SqliteDatabase _slow;
    private readonly SqliteDatabase _fast;
    private readonly SqliteStatement _version;
    private readonly SqliteStatement _keys;
    private readonly SqliteStatement _addKey;
    private readonly SqliteStatement _revokeKey;
    private readonly SqliteStatement _revocations;
    private readonly SqliteStatement _addRevocation;
    private readonly SqliteStatement _trimRevocations;
    private readonly SqliteStatement _addTicket;
    private readonly SqliteStatement _takeTicket;
    private readonly SqliteStatement _countTickets;
    private readonly SqliteStatement _trimTickets;
    private readonly SqliteStatement _eraseTickets;
    private readonly SqliteStatement _renameRevocations;
    private readonly SqliteStatement _eraseKeys;
    private readonly SqliteStatement _addBackup;
    private readonly SqliteStatement _takeBackups;
    private readonly byte[] _secret;

    private AccessStore(SqliteDatabase slow, SqliteDatabase fast)
    {
        (_slow, _fast) = (slow, fast);
        _fastGate = slow == fast ? _slowGate : new Lock();
        _version = slow.Prepare("PRAGMA data_version");
        _keys = slow.Prepare(
            "SELECT id, name, hash, rights, users, created_at, expires_at, revoked_at, tenant FROM keys ORDER BY created_at, id");
        _addKey = slow.Prepare(
            "INSERT INTO keys(id, name, hash, rights, users, created_at, expires_at, tenant) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)");
        _revokeKey = slow.Prepare("UPDATE keys SET revoked_at = ?2 WHERE id = ?1 AND revoked_at IS NULL");
        _revocations = slow.Prepare("SELECT user_id, token_id, revoked_at, until FROM revocations WHERE until > ?1");
        _addRevocation = slow.Prepare("INSERT INTO revocations(user_id, token_id, revoked_at, until) VALUES(?1, ?2, ?3, ?4)");
        _trimRevocations = slow.Prepare("DELETE FROM revocations WHERE until <= ?1");
        _addTicket = fast.Prepare("INSERT INTO tickets VALUES(?1, ?2, ?3, ?4, ?5, ?6)");
        _takeTicket = fast.Prepare(
            "DELETE FROM tickets WHERE hash = ?1 RETURNING user_id, credential_id, issued_at, ends_at, expires_at");
        _countTickets = fast.Prepare("SELECT count(*) FROM tickets WHERE user_id = ?1 AND expires_at > ?2");
        _trimTickets = fast.Prepare("DELETE FROM tickets WHERE expires_at <= ?1");
        _eraseTickets = fast.Prepare("DELETE FROM tickets WHERE user_id = ?1");
        _renameRevocations = slow.Prepare("UPDATE revocations SET user_id = ?2 WHERE user_id = ?1");
        _eraseKeys = slow.Prepare("DELETE FROM keys WHERE users = ?1 AND tenant = ?2");
        _addBackup = slow.Prepare("INSERT INTO backups(target, at) VALUES(?1, ?2)");
        _takeBackups = slow.Prepare("DELETE FROM backups RETURNING target, at");
        using var secret = new SqliteStatement(slow, "SELECT key FROM secret");
        _secret = secret.Step() ? secret.Copy(0, at: 0) : throw new InvalidDataException("its table 'secret' is empty");
    }

    /// <summary>Opens the file, or creates it.</summary>
    /// <param name="directory">Its folder; null to keep everything in memory.</param>
    /// <exception cref="SendFailureException">It cannot be opened; the message says why.</exception>
    public static AccessStore Open(string? directory)
    {
        var path = directory is null ? ":memory:" : Path.GetFullPath(Path.Combine(directory, Name));
        SqliteDatabase? slow = null;
        try
        {
            if (directory is not null)
            {
                Directory.CreateDirectory(directory);
            }

            slow = Open(path, "FULL");
            SqliteSchema.Migrate(slow, Migrations);
            return new AccessStore(slow, directory is null ? slow : Open(path, "NORMAL"));
        }
        catch (Exception exception)
            when (exception is SqliteFailureException or InvalidDataException or IOException or UnauthorizedAccessException)
        {
            slow?.Dispose();
            throw SendFailureException.LogNotOpened(path, SqliteFile.Explain(exception), exception);
        }
    }

    /// <summary>Changes when another process has changed the file.</summary>
    public long Version()
    {
        lock (_slowGate)
        {
            using var rows = _version.Query();
            return rows.Next() ? _version.Int64(0) : 0;
        }
    }

    /// <summary>All keys, those that were revoked among them, the oldest first.</summary>
    public IReadOnlyList<ApiKey> Keys()
    {
        lock (_slowGate)
        {
            var keys = new List<ApiKey>();
            using var rows = _keys.Query();
            while (rows.Next())
            {
                var users = UserPattern.TryParse(_keys.Text(4), _keys.Text(8), out _)
                    ?? throw new InvalidDataException("A key's users are damaged.");
                keys.Add(new ApiKey(
                    _keys.Text(0),
                    _keys.Text(1),
                    _keys.Copy(2, at: 0),
                    (AccessRights)_keys.Int32(3),
                    users,
                    Time(_keys, 5)!.Value,
                    Time(_keys, 6),
                    Time(_keys, 7)));
            }

            return keys;
        }
    }

    /// <summary>Keeps a key.</summary>
    public void Add(ApiKey key)
    {
        lock (_slowGate)
        {
            _addKey.Bind(1, key.Id).Bind(2, key.Name).Bind(3, key.Hash).Bind(4, (long)key.Rights);
            _addKey.Bind(5, key.Users.Text).Bind(8, key.Users.Tenant);
            Bind(_addKey, 6, key.CreatedAt);
            Bind(_addKey, 7, key.ExpiresAt);
            _addKey.Execute();
        }
    }

    /// <summary>Revokes a key.</summary>
    /// <returns>Whether there was one of that id that had not been revoked.</returns>
    public bool TryRevoke(string keyId, DateTimeOffset at)
    {
        lock (_slowGate)
        {
            Bind(_revokeKey.Bind(1, keyId), 2, at);
            _revokeKey.Execute();
            return _slow.Changes > 0;
        }
    }

    /// <summary>The revocations that are remembered.</summary>
    public IReadOnlyList<Revocation> Revocations(DateTimeOffset now)
    {
        lock (_slowGate)
        {
            var revocations = new List<Revocation>();
            Bind(_revocations, 1, now);
            using var rows = _revocations.Query();
            while (rows.Next())
            {
                revocations.Add(new Revocation(
                    _revocations.TextOrNull(0), _revocations.TextOrNull(1), Time(_revocations, 2)!.Value, Time(_revocations, 3)!.Value));
            }

            return revocations;
        }
    }

    /// <summary>Remembers a revocation.</summary>
    public void Add(Revocation revocation)
    {
        lock (_slowGate)
        {
            _addRevocation.Bind(1, revocation.UserKey).Bind(2, revocation.TokenId);
            Bind(_addRevocation, 3, revocation.RevokedAt);
            Bind(_addRevocation, 4, revocation.Until);
            _addRevocation.Execute();
        }
    }

    /// <summary>Keeps a ticket, unless its user has too many.</summary>
    /// <param name="hash">What is kept of it.</param>
    /// <param name="ticket">What it stands for.</param>
    /// <param name="now">The time.</param>
    /// <param name="expiresAt">Until when it is good.</param>
    /// <param name="most">How many tickets a user may have.</param>
    /// <returns>Whether it is kept.</returns>
    public bool TryAdd(byte[] hash, Ticket ticket, DateTimeOffset now, DateTimeOffset expiresAt, int most)
    {
        lock (_fastGate)
        {
            Bind(_countTickets.Bind(1, ticket.UserKey), 2, now);
            using (var rows = _countTickets.Query())
            {
                if (rows.Next() && _countTickets.Int32(0) >= most)
                {
                    return false;
                }
            }

            _addTicket.Bind(1, hash).Bind(2, ticket.UserKey).Bind(3, ticket.CredentialId);
            Bind(_addTicket, 4, ticket.IssuedAt);
            Bind(_addTicket, 5, ticket.EndsAt);
            Bind(_addTicket, 6, expiresAt);
            _addTicket.Execute();
            return true;
        }
    }

    /// <summary>Takes a ticket: nobody else gets it, in any process.</summary>
    /// <returns>What it stands for; null where there is none, or it is too old.</returns>
    public Ticket? Take(byte[] hash, DateTimeOffset now)
    {
        lock (_fastGate)
        {
            Ticket? taken = null;
            using var rows = _takeTicket.Bind(1, hash).Query();

            // To its end: the row is deleted when the statement is.
            while (rows.Next())
            {
                taken = Time(_takeTicket, 4) > now
                    ? new Ticket(_takeTicket.Text(0), _takeTicket.TextOrNull(1), Time(_takeTicket, 2), Time(_takeTicket, 3))
                    : null;
            }

            return taken;
        }
    }

    /// <summary>Forgets what has ended.</summary>
    public void Trim(DateTimeOffset now)
    {
        lock (_fastGate)
        {
            Bind(_trimTickets, 1, now);
            _trimTickets.Execute();
        }

        lock (_slowGate)
        {
            Bind(_trimRevocations, 1, now);
            _trimRevocations.Execute();
        }
    }

    /// <summary>Whether a user of a revocation is one who was erased.</summary>
    public static bool IsOfErased(string userKey) => userKey.StartsWith(ErasedPrefix, StringComparison.Ordinal);

    /// <summary>By what an erased user is known.</summary>
    public string NameOfErased(string userKey)
        => ErasedPrefix + Convert.ToHexString(HMACSHA256.HashData(_secret, Encoding.UTF8.GetBytes(userKey)).AsSpan(0, HashBytes));

    /// <summary>
    /// Ends a user's credentials, and leaves nothing of the user, neither in the tables, nor in the file's free space: tickets go, and keys
    /// for that user alone; what was revoked is remembered under a hash. The write-ahead log has it until
    /// <see cref="TryTruncateJournal"/>.
    /// </summary>
    /// <param name="revocation">All that was issued to the user until now.</param>
    public void Erase(Revocation revocation)
    {
        var userKey = revocation.UserKey!;
        lock (_fastGate)
        {
            _eraseTickets.Bind(1, userKey).Execute();
        }

        lock (_slowGate)
        {
            _renameRevocations.Bind(1, userKey).Bind(2, NameOfErased(userKey)).Execute();
            if (!userKey.EndsWith('*'))
            {
                _eraseKeys.Bind(1, UserKey.UserOf(userKey)).Bind(2, UserKey.TenantOf(userKey)).Execute();
            }

            Add(revocation with { UserKey = NameOfErased(userKey) });
            _slow.Execute("VACUUM");
        }
    }

    /// <summary>Empties the write-ahead log, unless somebody else reads from it for a moment longer.</summary>
    /// <returns>Whether it is empty.</returns>
    public bool TryTruncateJournal()
    {
        lock (_slowGate)
        {
            return _slow.TryTruncateJournal();
        }
    }

    /// <summary>Remembers that the folder was copied, until a server has told of it.</summary>
    public void AddBackup(string target, DateTimeOffset at)
    {
        lock (_slowGate)
        {
            Bind(_addBackup.Bind(1, target), 2, at);
            _addBackup.Execute();
        }
    }

    /// <summary>Where the folder was copied to since this was asked last, and when.</summary>
    public IReadOnlyList<(string Target, DateTimeOffset At)> TakeBackups()
    {
        lock (_slowGate)
        {
            var backups = new List<(string Target, DateTimeOffset At)>();
            using var rows = _takeBackups.Query();
            while (rows.Next())
            {
                backups.Add((_takeBackups.Text(0), Time(_takeBackups, 1)!.Value));
            }

            return backups;
        }
    }

    public void Dispose()
    {
        lock (_slowGate)
        {
            _slow.Dispose();
        }

        lock (_fastGate)
        {
            _fast.Dispose();
        }
    }

    private static SqliteDatabase Open(string path, string synchronous)
    {
        var database = SqliteDatabase.Open(path, readOnly: false, BusyTimeout);
        database.QueryText("PRAGMA journal_mode = WAL");
        database.Execute($"PRAGMA synchronous = {synchronous}; PRAGMA secure_delete = ON; PRAGMA journal_size_limit = 1048576");
        return database;
    }

    private static void Bind(SqliteStatement statement, int index, DateTimeOffset? time)
    {
        if (time is { } at)
        {
            statement.Bind(index, at.ToUnixTimeMilliseconds());
        }
        else
        {
            statement.Bind(index, (string?)null);
        }
    }

    private static DateTimeOffset? Time(SqliteStatement statement, int column)
        => statement.IsNull(column) ? null : DateTimeOffset.FromUnixTimeMilliseconds(statement.Int64(column));
}

using System.Security.Cryptography;
using System.Text;

namespace Netra.Pipeline.Sqlite;

/// <summary>
/// The tables <c>erased</c>, of which users' numbers must not be given again, and <c>erasures</c>, which are under way. Users who are
/// erased are known by a keyed hash alone; its key is in the file. Only the writer uses it.
/// </summary>
internal sealed class ErasedTable(SqliteDatabase database)
{
    private const int HashBytes = 16;
    private readonly SqliteStatement _secret = database.Prepare("SELECT secret FROM log");
    private readonly SqliteStatement _find = database.Prepare("SELECT head FROM erased WHERE hash = ?1");
    private readonly SqliteStatement _put = database.Prepare("INSERT OR REPLACE INTO erased(hash, head) VALUES(?1, ?2)");
    private readonly SqliteStatement _begin = database.Prepare("INSERT INTO erasures(user, stream) VALUES(?1, ?2)");
    private readonly SqliteStatement _streamOf = database.Prepare("SELECT stream FROM erasures WHERE user = ?1");
    private readonly SqliteStatement _forgetStream = database.Prepare("UPDATE erasures SET stream = 0 WHERE user = ?1");
    private readonly SqliteStatement _end = database.Prepare("DELETE FROM erasures WHERE user = ?1");
    private readonly SqliteStatement _all = database.Prepare("SELECT user FROM erasures ORDER BY user");
    private byte[]? _key;

    /// <summary>The last number that a user had before it was erased; 0 for none.</summary>
    public long HeadOf(string userId)
    {
        using var rows = _find.Bind(1, HashOf(userId)).Query();
        return rows.Next() ? _find.Int64(0) : 0;
    }

    public void Put(string userId, long head) => _put.Bind(1, HashOf(userId)).Bind(2, head).Execute();

    /// <summary>An erasure begins.</summary>
    /// <param name="userId">Whose.</param>
    /// <param name="stream">The row of the user's stream; 0 for none.</param>
    public void Begin(string userId, long stream) => _begin.Bind(1, userId).Bind(2, stream).Execute();

    /// <summary>The row of the stream that is being erased, 0 for none; null when no erasure of the user is under way.</summary>
    public long? StreamOf(string userId)
    {
        using var rows = _streamOf.Bind(1, userId).Query();
        return rows.Next() ? _streamOf.Int64(0) : null;
    }

    /// <summary>The row of the stream is deleted, and nothing names it any more.</summary>
    public void ForgetStream(string userId) => _forgetStream.Bind(1, userId).Execute();

    public void End(string userId) => _end.Bind(1, userId).Execute();

    public IReadOnlyList<string> ReadUnderWay()
    {
        var users = new List<string>();
        using var rows = _all.Query();
        while (rows.Next())
        {
            users.Add(_all.Text(0));
        }

        return users;
    }

    private byte[] HashOf(string userId)
    {
        if (_key is null)
        {
            using var rows = _secret.Query();
            _key = rows.Next() ? _secret.Blob(0).ToArray() : throw new InvalidDataException("its table 'log' is empty");
        }

        return HMACSHA256.HashData(_key, Encoding.UTF8.GetBytes(userId))[..HashBytes];
    }
}

using Netra.Pipeline.Storage;

namespace Netra.Pipeline.Sqlite;

/// <summary>
/// The tables <c>dead_letters</c> and <c>buried</c> of one connection. A dead letter may go before its event does; until
/// then its number stays in <c>buried</c>.
/// </summary>
internal sealed class DeadLetterTable(SqliteDatabase database, StorageClock clock)
{
    private const string Columns = "d.number, s.user, s.key, d.seq, d.cause, d.attempts, d.at, d.state, d.replayed_as, d.webhook, "
        + "d.payload FROM dead_letters AS d JOIN streams AS s ON s.id = d.stream";
    private readonly SqliteStatement _insert = database.Prepare(
        "INSERT INTO dead_letters(stream, seq, cause, attempts, at, state, webhook, payload) SELECT ?1, ?2, ?3, ?4, ?5, 0, 0, "
        + "payload FROM events WHERE rowid = ?6");

    private readonly SqliteStatement _stored = database.Prepare(
        "SELECT type, payload, run, at, sum FROM events WHERE rowid = ?1");

    private readonly SqliteStatement _mark = database.Prepare("INSERT INTO buried(stream, seq) VALUES(?1, ?2)");
    private readonly SqliteStatement _unmark = database.Prepare("DELETE FROM buried WHERE stream = ?1 AND seq <= ?2");
    private readonly SqliteStatement _find = database.Prepare($"SELECT {Columns} WHERE d.number = ?1");
    private readonly SqliteStatement _settle = database.Prepare(
        "UPDATE dead_letters SET state = ?2, replayed_as = ?3 WHERE number = ?1 AND state = 0");
    private readonly SqliteStatement _settleEvent = database.Prepare(
        "UPDATE dead_letters SET state = ?3 WHERE stream = ?1 AND seq = ?2 AND state = 0");
    private readonly SqliteStatement _setWebhook = database.Prepare("UPDATE dead_letters SET webhook = ?2 WHERE number = ?1");
    private readonly SqliteStatement _count = database.Prepare("SELECT count(*) FROM dead_letters");
    private readonly SqliteStatement _oldest = database.Prepare("SELECT number, at, state FROM dead_letters ORDER BY number LIMIT ?1");
    private readonly SqliteStatement _delete = database.Prepare("DELETE FROM dead_letters WHERE number <= ?1");
    private readonly SqliteStatement _ofEvent = database.Prepare($"SELECT {Columns} WHERE d.stream = ?1 AND d.seq = ?2");

    // One for each set of filters, so that each is answered from the index that fits.
    private readonly Dictionary<(bool User, bool Tenant, bool State, bool Webhook), SqliteStatement> _lists = [];

    /// <summary>Whether a kept event is as it was stored, so that a dead letter can be made of it.</summary>
    public bool IsAsStored(long stream, long seq, long rowid)
    {
        using var rows = _stored.Bind(1, rowid).Query();
        return rows.Next() && EventSum.IsRight(_stored, typeColumn: 0, stream, seq);
    }

    /// <summary>Makes a dead letter of a kept event.</summary>
    /// <returns>The new dead letter's number.</returns>
    public long Insert(long stream, long seq, long rowid, DeadLetterCause cause, int attempts, DateTimeOffset at)
    {
        _insert.Bind(1, stream).Bind(2, seq).Bind(3, (long)cause).Bind(4, attempts).Bind(5, at.UtcTicks).Bind(6, rowid).Execute();
        return database.LastInsertRowid;
    }

    /// <summary>Remembers that a kept event is a dead letter, however long the dead letter is kept.</summary>
    public void Mark(long stream, long seq) => _mark.Bind(1, stream).Bind(2, seq).Execute();

    /// <summary>Forgets the deleted events.</summary>
    public void Unmark(long stream, long through) => _unmark.Bind(1, stream).Bind(2, through).Execute();

    public DeadLetter? Find(long number)
    {
        using var rows = _find.Bind(1, number).Query();
        return rows.Next() ? Read(_find) : null;
    }

    public DeadLetter? FindEvent(long stream, long seq)
    {
        using var rows = _ofEvent.Bind(1, stream).Bind(2, seq).Query();
        return rows.Next() ? Read(_ofEvent) : null;
    }

    public IReadOnlyList<DeadLetter> List(DeadLetterQuery query)
    {
        var letters = new List<DeadLetter>();
        var list = ListFor((query.UserId is not null, query.TenantId is not null, query.State is not null, query.Webhook is not null));
        list.Bind(1, query.After).Bind(2, query.Limit);
        if (query.UserId is { } userId)
        {
            list.Bind(3, userId);
        }

        if (query.State is { } state)
        {
            list.Bind(4, (long)state);
        }

        if (query.TenantId is { } tenantId)
        {
            list.Bind(6, tenantId);
        }

        if (query.Webhook is { } webhook)
        {
            list.Bind(5, (long)webhook);
        }

        using var rows = list.Query();
        while (rows.Next())
        {
            letters.Add(Read(list));
        }

        return letters;
    }

    public bool TrySettle(long number, DeadLetterState state, string? replayedAs)
    {
        _settle.Bind(1, number).Bind(2, (long)state).Bind(3, replayedAs).Execute();
        return database.Changes == 1;
    }

    /// <returns>How many of them were waiting.</returns>
    public int SettleAcknowledged(long stream, IReadOnlyList<long> seqs)
    {
        var settled = 0;
        foreach (var seq in seqs)
        {
            _settleEvent.Bind(1, stream).Bind(2, seq).Bind(3, (long)DeadLetterState.Acknowledged).Execute();
            settled += database.Changes;
        }

        return settled;
    }

    /// <returns>How many there are of that number: one, or none any more.</returns>
    public int SetWebhook(long number, WebhookState state)
    {
        _setWebhook.Bind(1, number).Bind(2, (long)state).Execute();
        return database.Changes;
    }

    /// <summary>Deletes the oldest ones that are older than a time, or above a count.</summary>
    /// <returns>How many of them were waiting, and whether there may be more.</returns>
    public (long Waiting, bool HasMore) Expire(DateTimeOffset olderThan, int keep, int limit)
    {
        var (count, seen, waiting, open, last) = (0, 0, 0L, 0L, 0L);
        var (above, now) = (Count() - keep, clock.Now.UtcTicks);
        using (var rows = _oldest.Bind(1, limit).Query())
        {
            while (rows.Next())
            {
                var at = _oldest.Int64(1);
                seen++;
                open += (DeadLetterState)_oldest.Int32(2) == DeadLetterState.Waiting ? 1 : 0;
                if (seen <= above || at < olderThan.UtcTicks)
                {
                    (count, waiting, last) = (seen, open, _oldest.Int64(0));
                }
                else if (at <= now)
                {
                    break;
                }

                // One from the future, of an older version under a wrong clock, holds up none of those behind it, and goes with the first
                // of them.
            }
        }

        if (count > 0)
        {
            _delete.Bind(1, last).Execute();
        }

        return (waiting, count == limit);
    }

    private DeadLetter Read(SqliteStatement row) => new(
        row.Int64(0),
        row.Text(1),
        (ulong)row.Int64(2),
        row.Int64(3),
        (DeadLetterCause)row.Int32(4),
        row.Int32(5),
        clock.ToWall(new DateTimeOffset(row.Int64(6), TimeSpan.Zero)),
        (DeadLetterState)row.Int32(7),
        row.TextOrNull(8),
        (WebhookState)row.Int32(9),
        EventReader.BufferOf(row.Blob(10), Events.OwnerTag.Of(row.Text(1))));

    private long Count()
    {
        using var rows = _count.Query();
        return rows.Next() ? _count.Int64(0) : 0;
    }

    private SqliteStatement ListFor((bool User, bool Tenant, bool State, bool Webhook) filters)
    {
        if (!_lists.TryGetValue(filters, out var list))
        {
            var conditions = (filters.User ? " AND s.user = ?3" : string.Empty)
                + (filters.State ? " AND d.state = ?4" : string.Empty)
                + (filters.Tenant ? " AND s.tenant = ?6" : string.Empty)
                + (filters.Webhook ? " AND d.webhook = ?5" : string.Empty);
            list = database.Prepare($"SELECT {Columns} WHERE d.number > ?1{conditions} ORDER BY d.number LIMIT ?2");
            _lists.Add(filters, list);
        }

        return list;
    }
}

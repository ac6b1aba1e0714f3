using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using Netra.Pipeline.Storage;

namespace Netra.Pipeline.Sqlite;

/// <summary>
/// Erases users, a bounded number of rows in a transaction, each of which may be the last one of its process: what is begun stands in the
/// file, and is found again. From its first transaction on the stream has the name of nobody, so that no account has it and no user gets
/// it.
/// Only the writer uses it.
/// </summary>
internal sealed class Erasure
{
    /// <summary>How many rows of each table one transaction deletes at most.</summary>
    public const int RowsAtOnce = 2000;

    // What nobody can be called, so that no account counts it.
    private const string Nobody = "$erased/";

    // 32 MiB, read in some ten milliseconds.
    private const int PagesAtOnce = 4096;
    private const int KeysAtOnce = 50_000;

    private readonly LogStore _store;
    private readonly PageScrubber _scrubber;
    private readonly SqliteStatement _rename;
    private readonly SqliteStatement _event;
    private readonly SqliteStatement _deleteEvent;
    private readonly SqliteStatement _trail;
    private readonly SqliteStatement _deleteTrail;
    private readonly SqliteStatement[] _deleteRows;
    private readonly SqliteStatement _deleteKeys;
    private readonly SqliteStatement _lastKey;
    private readonly SqliteStatement _deleteCommands;
    private readonly SqliteStatement _lastCommand;
    private readonly SqliteStatement _deleteStream;

    public Erasure(LogStore store, PageScrubber scrubber)
    {
        (_store, _scrubber) = (store, scrubber);
        var database = store.Database;
        _rename = database.Prepare("UPDATE streams SET user = ?2, key = ?3 WHERE id = ?1");
        _event = database.Prepare("SELECT prev, length(payload), stream FROM events WHERE rowid = ?1");
        _deleteEvent = database.Prepare("DELETE FROM events WHERE rowid = ?1");
        _trail = database.Prepare("SELECT prev, 0, stream FROM audit WHERE rowid = ?1");
        _deleteTrail = database.Prepare("DELETE FROM audit WHERE rowid = ?1");
        _deleteRows =
        [
            .. from rows in new[]
               {
                   ("dead_letters", "number"), ("questions", "seq"), ("marks", "seq"), ("buried", "seq"), ("runs", "id"), ("threads", "id"),
               }
               select database.Prepare(
                   $"DELETE FROM {rows.Item1} WHERE stream = ?1 AND {rows.Item2} IN "
                   + $"(SELECT {rows.Item2} FROM {rows.Item1} WHERE stream = ?1 LIMIT ?2)"),
        ];
        _lastKey = database.Prepare("SELECT max(id) FROM keys");
        _deleteKeys = database.Prepare("DELETE FROM keys WHERE id > ?1 AND id <= ?2 AND stream = ?3");
        _lastCommand = database.Prepare("SELECT max(number) FROM commands");
        _deleteCommands = database.Prepare("DELETE FROM commands WHERE number > ?1 AND number <= ?2 AND user = ?3");
        _deleteStream = database.Prepare("DELETE FROM streams WHERE id = ?1");
    }

    /// <summary>Begins to erase a user: from here on the log knows none of that name.</summary>
    /// <returns>The user's account; empty where there is no such stream.</returns>
    public StreamAccount Begin(string userId)
    {
        if (_store.Erased.StreamOf(userId) is not null)
        {
            return default;
        }

        // What is counted from rows after a crash must not be gone by then.
        _store.SaveAll();
        var stream = _store.Streams.Find(userId);
        _store.Erased.Begin(userId, stream?.Id ?? 0);
        if (stream is null)
        {
            return default;
        }

        if (stream.Now.Owner is { } owner)
        {
            _store.Streams.Acknowledge(stream, owner);
        }

        var account = stream.Now.Account.AfterErasure();
        var isUnclean = stream.Now.Claimed != 0 && stream.Now.Claimed != _store.Boot;
        _store.Erased.Put(userId, isUnclean ? StreamLease.After(stream.Now.HeadSeq) : stream.Now.HeadSeq);
        _store.Streams.Erase(stream);
        _rename.Bind(1, stream.Id)
            .Bind(2, string.Create(CultureInfo.InvariantCulture, $"{Nobody}{stream.Id}"))
            .Bind(3, BinaryPrimitives.ReadInt64LittleEndian(RandomNumberGenerator.GetBytes(sizeof(long))))
            .Execute();
        _store.Change().Gone += account;
        _store.SaveLog();
        return account;
    }

    /// <summary>Deletes some of what belongs to the user.</summary>
    /// <param name="userId">The user.</param>
    /// <param name="scan">How far the tables were read that can only be read through.</param>
    /// <returns>Whether there may be more.</returns>
    public bool Step(string userId, ErasureScan scan)
    {
        _store.SaveAll();
        var id = _store.Erased.StreamOf(userId) ?? 0;
        if (DeleteScanned(_lastCommand, _deleteCommands, scan.Commands, out scan.Commands, last => last.Bind(3, userId)))
        {
            return true;
        }

        if (id == 0)
        {
            return false;
        }

        var stream = _store.Streams.Get(id);
        if (DeleteEvents(stream) || DeleteTrail(stream))
        {
            return true;
        }

        foreach (var rows in _deleteRows)
        {
            rows.Bind(1, id).Bind(2, RowsAtOnce).Execute();
            if (_store.Database.Changes > 0)
            {
                return true;
            }
        }

        if (DeleteScanned(_lastKey, _deleteKeys, scan.Keys, out scan.Keys, last => last.Bind(3, id)))
        {
            return true;
        }

        _deleteStream.Bind(1, id).Execute();
        _store.Erased.ForgetStream(userId);
        return false;
    }

    /// <summary>
    /// Overwrites some of what is left of deleted rows in the file's pages. Outside of a transaction, when the write-ahead log is empty.
    /// </summary>
    /// <param name="page">The first page; 0 for the free ones.</param>
    /// <returns>The page that follows; null after the last one.</returns>
    public long? Scrub(long page)
    {
        _store.Database.Execute("PRAGMA shrink_memory");
        if (page == 0)
        {
            _scrubber.ScrubFreePages();
            return 1;
        }

        return _scrubber.Scrub(page, PagesAtOnce) is > 0 and var next ? next : null;
    }

    /// <summary>Forgets that the user was erased, and who that was.</summary>
    public bool End(string userId)
    {
        _store.Erased.End(userId);
        return true;
    }

    private static bool DeleteScanned(
        SqliteStatement last, SqliteStatement delete, long from, out long through, Func<SqliteStatement, SqliteStatement> bind)
    {
        long end;
        using (var rows = last.Query())
        {
            end = rows.Next() ? last.Int64(0) : 0;
        }

        through = Math.Min(end, from + KeysAtOnce);
        if (through <= from)
        {
            through = from;
            return false;
        }

        bind(delete.Bind(1, from).Bind(2, through)).Execute();
        return true;
    }

    private bool DeleteEvents(SqliteStream stream)
    {
        var (head, bytes, count) = Delete(_event, _deleteEvent, stream, stream.Now.HeadRowid, _store.Log.Deleted);
        if (count > 0)
        {
            ref var log = ref _store.Change();
            (log.Bytes, log.WatermarkBytes) = (log.Bytes - bytes, log.WatermarkBytes - bytes);
            _store.SaveLog();
            ref var state = ref _store.Streams.Change(stream);
            (state.HeadRowid, state.Rows) = (head, state.Rows - count);
            _store.Streams.Save(stream);
        }

        return count > 0;
    }

    private bool DeleteTrail(SqliteStream stream)
    {
        var (head, _, count) = Delete(_trail, _deleteTrail, stream, stream.Now.HistoryRowid, _store.Log.HistoryDeleted);
        if (count > 0)
        {
            _store.Streams.Change(stream).HistoryRowid = head;
            _store.Streams.Save(stream);
        }

        return count > 0;
    }

    // From the last row back, as each names the one before it. One that is not there must have been deleted by retention.
    private static (long Head, long Bytes, int Count) Delete(
        SqliteStatement find, SqliteStatement delete, SqliteStream stream, long rowid, long deleted)
    {
        var (bytes, count) = (0L, 0);
        while (rowid > deleted && count < RowsAtOnce)
        {
            long prev;
            using (var rows = find.Bind(1, rowid).Query())
            {
                if (!rows.Next() || find.Int64(2) != stream.Id)
                {
                    throw new InvalidDataException($"row {rowid} of stream {stream.Id} is not there, or another's: the file is damaged");
                }

                prev = find.Int64(0);
                bytes += find.Int64(1) + Events.OwnerTag.Length;
            }

            delete.Bind(1, rowid).Execute();
            (rowid, count) = (prev, count + 1);
        }

        return (rowid, bytes, count);
    }
}

/// <summary>How far tables were read that have no index of users. Changed by the writer alone.</summary>
internal sealed class ErasureScan
{
    private long _commands;
    private long _keys;

    /// <summary>Up to which command.</summary>
    public ref long Commands => ref _commands;

    /// <summary>Up to which idempotency key.</summary>
    public ref long Keys => ref _keys;
}

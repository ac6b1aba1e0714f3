using System.Globalization;
using System.Security.Cryptography;

namespace Netra.Pipeline.Sqlite;

/// <summary>
/// The tables, as a list of migrations that only grows. Each is applied in a transaction of its own, together with
/// the version that it leads to.
/// </summary>
internal static class SqliteSchema
{
    /// <summary>Says in the file's header whose database it is ("Netr").</summary>
    public const int ApplicationId = 0x4e657472;

    /// <summary>From the empty file on.</summary>
    public static IReadOnlyList<SqliteMigration> Migrations { get; } =
    [
        // events and audit are written in order of time and have no index: an index on the stream would cost a page written per event.
        // Instead each row names the one before it in its stream, streams name their last one, and marks let a page begin in the middle. In
        // marks, skipped and buried lie the few numbers of a stream that must be found in order.
        new(1, """
            CREATE TABLE log(
                id INTEGER PRIMARY KEY CHECK (id = 1), epoch TEXT NOT NULL, boot INTEGER NOT NULL, watermark INTEGER NOT NULL,
                bytes INTEGER NOT NULL, deleted INTEGER NOT NULL, audit_watermark INTEGER NOT NULL, audit_deleted INTEGER NOT NULL);
            CREATE TABLE streams(
                id INTEGER PRIMARY KEY, user TEXT NOT NULL UNIQUE, key INTEGER NOT NULL UNIQUE, head_seq INTEGER NOT NULL,
                head_rowid INTEGER NOT NULL, rows INTEGER NOT NULL, accepted INTEGER NOT NULL, expired_through INTEGER NOT NULL,
                acked BLOB NOT NULL, acked_kept INTEGER NOT NULL, acked_gone INTEGER NOT NULL, expired INTEGER NOT NULL,
                buried INTEGER NOT NULL, dead_kept INTEGER NOT NULL, dead_gone INTEGER NOT NULL, skipped BLOB NOT NULL,
                claimed INTEGER NOT NULL, audit_rowid INTEGER NOT NULL);
            CREATE TABLE events(
                rowid INTEGER PRIMARY KEY, stream INTEGER NOT NULL, seq INTEGER NOT NULL, prev INTEGER NOT NULL, run INTEGER NOT NULL,
                at INTEGER NOT NULL, type INTEGER NOT NULL, payload BLOB NOT NULL);
            CREATE TABLE marks(
                stream INTEGER NOT NULL, seq INTEGER NOT NULL, event INTEGER NOT NULL, PRIMARY KEY (stream, seq)) WITHOUT ROWID;
            CREATE TABLE buried(stream INTEGER NOT NULL, seq INTEGER NOT NULL, PRIMARY KEY (stream, seq)) WITHOUT ROWID;
            CREATE TABLE runs(
                id INTEGER PRIMARY KEY AUTOINCREMENT, stream INTEGER NOT NULL, thread TEXT NOT NULL, run TEXT NOT NULL,
                embedded INTEGER NOT NULL, agent TEXT, events INTEGER NOT NULL, first_seq INTEGER NOT NULL, last_seq INTEGER NOT NULL,
                terminal_seq INTEGER NOT NULL, UNIQUE (stream, thread, run));
            CREATE INDEX open_runs ON runs(id) WHERE embedded = 1 AND terminal_seq = 0;
            CREATE TABLE keys(
                id INTEGER PRIMARY KEY, hash BLOB NOT NULL UNIQUE, content BLOB NOT NULL, stream INTEGER NOT NULL, seq INTEGER NOT NULL,
                status INTEGER NOT NULL, expires INTEGER NOT NULL);
            CREATE TABLE dead_letters(
                number INTEGER PRIMARY KEY AUTOINCREMENT, stream INTEGER NOT NULL, seq INTEGER NOT NULL, cause INTEGER NOT NULL,
                attempts INTEGER NOT NULL, at INTEGER NOT NULL, state INTEGER NOT NULL, replayed_as TEXT, webhook INTEGER NOT NULL,
                payload BLOB NOT NULL, UNIQUE (stream, seq));
            CREATE INDEX dead_letters_by_state ON dead_letters(state, number);
            CREATE INDEX dead_letters_by_webhook ON dead_letters(webhook, number);
            CREATE TABLE commits(first INTEGER PRIMARY KEY, last INTEGER NOT NULL, at INTEGER NOT NULL);
            CREATE TABLE audit(
                rowid INTEGER PRIMARY KEY, stream INTEGER NOT NULL, prev INTEGER NOT NULL, at INTEGER NOT NULL, kind INTEGER NOT NULL,
                connection TEXT, "from" INTEGER NOT NULL, queued INTEGER NOT NULL, written INTEGER NOT NULL, acked INTEGER NOT NULL);
            """),

        // The log's own time, and the wall clock at the same moment; 0 where nothing was saved yet.
        new(2, "ALTER TABLE log ADD COLUMN clock INTEGER NOT NULL DEFAULT 0; ALTER TABLE log ADD COLUMN wall INTEGER NOT NULL DEFAULT 0;"),

        // What a run has declared, beside it; 0 is nothing. It waits until an event above waiting_after. All open runs are
        // found at a start, whoever runs them.
        new(3, """
            ALTER TABLE runs ADD COLUMN lease_ms INTEGER NOT NULL DEFAULT 0;
            ALTER TABLE runs ADD COLUMN waiting_until INTEGER NOT NULL DEFAULT 0;
            ALTER TABLE runs ADD COLUMN waiting_after INTEGER NOT NULL DEFAULT 0;
            DROP INDEX open_runs;
            CREATE INDEX open_runs ON runs(id) WHERE terminal_seq = 0;
            """),

        // A mark names the runs of the events since the mark before it, as its stream does for the events since its last one: so a thread's
        // events are found, and storing them costs nothing more. Where an older version was at work it is not known (NULL). A thread is
        // known by its runs; one that has events outside of any has a row of its own, whose key is the row of the first of them. That
        // stays until the last event of the thread is deleted.
        new(4, """
            ALTER TABLE marks ADD COLUMN runs BLOB;
            ALTER TABLE streams ADD COLUMN mark_runs BLOB;
            CREATE TABLE threads(
                id INTEGER PRIMARY KEY, stream INTEGER NOT NULL, thread TEXT NOT NULL, title TEXT, last_seq INTEGER NOT NULL,
                UNIQUE (stream, thread));
            """),

        // A run's attempt, and the event that began it: what comes before that counts in the run no more.
        new(5, """
            ALTER TABLE runs ADD COLUMN attempt INTEGER NOT NULL DEFAULT 1;
            ALTER TABLE runs ADD COLUMN attempt_seq INTEGER NOT NULL DEFAULT 0;
            """),

        // What runs ask, and the answers; times in ticks, 0 is none. A question is found by its run, and deleted with its event. A run that
        // another process can start again has what its agent was asked.
        new(6, """
            CREATE TABLE questions(
                run INTEGER NOT NULL, stream INTEGER NOT NULL, request TEXT NOT NULL, kind INTEGER NOT NULL, prompt TEXT NOT NULL,
                options TEXT, until INTEGER NOT NULL, call TEXT, attempt INTEGER NOT NULL, seq INTEGER NOT NULL, asked INTEGER NOT NULL,
                answer_seq INTEGER NOT NULL, value BLOB, answered_by TEXT, PRIMARY KEY (run, request)) WITHOUT ROWID;
            CREATE INDEX questions_by_event ON questions(stream, seq);
            ALTER TABLE runs ADD COLUMN input BLOB;
            """),

        // What pages want of backends. A publisher that is null is the handler in the process. Forgetting reads what is settled through:
        // that is an hour's, and a day's messages.
        new(7, """
            CREATE TABLE commands(
                number INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, kind INTEGER NOT NULL, user TEXT NOT NULL,
                thread TEXT NOT NULL, members BLOB NOT NULL, publisher TEXT, run TEXT, message TEXT, request TEXT, state INTEGER NOT NULL,
                at INTEGER NOT NULL, started TEXT);
            CREATE INDEX untaken_commands ON commands(number) WHERE state = 0 AND publisher IS NOT NULL;
            CREATE TABLE subscribers(number INTEGER PRIMARY KEY AUTOINCREMENT, publisher TEXT NOT NULL UNIQUE);
            ALTER TABLE runs ADD COLUMN publisher TEXT;
            """),

        // Of users who were erased the last number stays, under a keyed hash, and of all of them together what became of their events. An
        // erasure that is under way names the user, and the row of the stream.
        new(8, """
            CREATE TABLE erased(hash BLOB PRIMARY KEY, head INTEGER NOT NULL) WITHOUT ROWID;
            CREATE TABLE erasures(user TEXT PRIMARY KEY, stream INTEGER NOT NULL) WITHOUT ROWID;
            ALTER TABLE log ADD COLUMN secret BLOB;
            ALTER TABLE log ADD COLUMN gone_accepted INTEGER NOT NULL DEFAULT 0;
            ALTER TABLE log ADD COLUMN gone_acknowledged INTEGER NOT NULL DEFAULT 0;
            ALTER TABLE log ADD COLUMN gone_expired INTEGER NOT NULL DEFAULT 0;
            ALTER TABLE log ADD COLUMN gone_dead_lettered INTEGER NOT NULL DEFAULT 0;
            ALTER TABLE log ADD COLUMN gone_erased INTEGER NOT NULL DEFAULT 0;
            UPDATE log SET secret = randomblob(32);
            """),

        // A check sum of each event (EventSum); of those that an older version has stored there is none.
        new(9, "ALTER TABLE events ADD COLUMN sum INTEGER;"),

        // A user of a tenant is known by the tenant's name, U+001F and the user's. The columns are read off that, so that the two never
        // disagree; users from before have none.
        new(10, """
            ALTER TABLE streams ADD COLUMN tenant TEXT AS (substr(user, 1, max(instr(user, char(31)) - 1, 0))) VIRTUAL;
            ALTER TABLE commands ADD COLUMN tenant TEXT AS (substr(user, 1, max(instr(user, char(31)) - 1, 0))) VIRTUAL;
            CREATE INDEX streams_by_tenant ON streams(tenant) WHERE tenant <> '';
            """),
    ];

    /// <summary>Brings the tables to the newest version.</summary>
    /// <exception cref="InvalidDataException">The file is of a newer version, or another program's.</exception>
    public static void Migrate(SqliteDatabase database, IReadOnlyList<SqliteMigration> migrations)
    {
        var version = database.QueryInt64("PRAGMA user_version");
        var known = migrations[^1].Version;
        if (version > known)
        {
            throw new InvalidDataException(
                $"its tables are of version {version}, and this program knows them up to {known}; run the newer program, "
                + "or use another data directory");
        }

        var owner = database.QueryInt64("PRAGMA application_id");
        var isEmpty = database.QueryInt64("SELECT count(*) FROM sqlite_schema") == 0;
        if (owner != ApplicationId && !(isEmpty && version == 0))
        {
            throw new InvalidDataException("it is the SQLite database of another program; use another data directory");
        }

        foreach (var migration in migrations.Where(m => m.Version > version))
        {
            Apply(database, migration);
        }
    }

    /// <summary>Makes the one row of a new log.</summary>
    public static void EnsureLog(SqliteDatabase database)
    {
        var epoch = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(8));
        database.Execute(
            "INSERT OR IGNORE INTO log(id, epoch, boot, watermark, bytes, deleted, audit_watermark, audit_deleted, secret) " +
            $"VALUES(1, '{epoch}', 0, 0, 0, 0, 0, 0, randomblob(32))");

        // A copy that was restored: what was given after it was made is unknown here, so its numbers belong to another history.
        database.Execute($"UPDATE log SET epoch = '{epoch}' WHERE epoch = ''");
    }

    private static void Apply(SqliteDatabase database, SqliteMigration migration)
    {
        database.BeginWriting();
        try
        {
            // Another process may have done it since the version was read.
            if (database.QueryInt64("PRAGMA user_version") < migration.Version)
            {
                database.Execute(migration.Sql);
                database.Execute(string.Create(
                    CultureInfo.InvariantCulture, $"PRAGMA user_version = {migration.Version}; PRAGMA application_id = {ApplicationId}"));
            }

            database.Commit();
        }
        catch (SqliteFailureException)
        {
            database.Rollback();
            throw;
        }
    }
}

/// <summary>One step from a version of the tables to the next.</summary>
/// <param name="Version">The version that it leads to.</param>
/// <param name="Sql">Its statements; all of them take effect, or none.</param>
internal sealed record SqliteMigration(int Version, string Sql);

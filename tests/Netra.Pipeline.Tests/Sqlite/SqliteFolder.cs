using Microsoft.Extensions.Options;
using Netra.Pipeline.Sqlite;
using Netra.Pipeline.Storage;
using Netra.Pipeline.Tests.Failures;

namespace Netra.Pipeline.Tests.Sqlite;

/// <summary>A data directory that is deleted with the object, and the logs that live in it.</summary>
internal sealed class SqliteFolder : IDisposable
{
    private readonly ReporterUnderTest _reported;
    private int _subfolders;

    public SqliteFolder()
        : this(Directory.CreateTempSubdirectory("netra-log-").FullName)
    {
    }

    public SqliteFolder(string path, ReporterUnderTest? reported = null) => (Path, _reported) = (path, reported ?? new ReporterUnderTest());

    public string Path { get; }

    public string Database => System.IO.Path.Combine(Path, "netra.db");

    /// <summary>What was reported as a failure.</summary>
    public ReporterUnderTest Reported => _reported;

    /// <summary>A folder inside of this one, for another log. What fails there is reported here too.</summary>
    public SqliteFolder NewSubfolder() => new(System.IO.Path.Combine(Path, $"{Interlocked.Increment(ref _subfolders)}"), _reported);

    /// <summary>
    /// A log that is not started yet. Anything of the kind may be made here, one after the other, or at once to see what happens.
    /// </summary>
    public SqliteEventLog Create(
        Action<SqliteEventLogOptions>? configure = null, TimeProvider? time = null, IReadOnlyList<SqliteMigration>? migrations = null)
    {
        var options = new SqliteEventLogOptions { SaveInterval = TimeSpan.FromMilliseconds(200) };
        configure?.Invoke(options);
        return new SqliteEventLog(
            Options.Create(options),
            Options.Create(new DataOptions { DataDirectory = Path }),
            _reported.Reporter,
            _reported.LoggerProvider.CreateLogger<SqliteEventLog>(),
            time ?? TimeProvider.System)
        {
            Migrations = migrations ?? SqliteSchema.Migrations,
        };
    }

    public async Task<SqliteEventLog> StartAsync(Action<SqliteEventLogOptions>? configure = null, TimeProvider? time = null)
    {
        var log = Create(configure, time);
        await log.StartAsync(CancellationToken.None);
        return log;
    }

    /// <summary>Another folder with the files as they are at the moment: what a process leaves behind that ends now.</summary>
    public SqliteFolder Copy()
    {
        var copy = NewSubfolder();
        Directory.CreateDirectory(copy.Path);
        byte[] journal;
        do
        {
            journal = JournalHead();

            // The other way round a commit between the two could be missing in both.
            foreach (var file in new[] { Database, Database + "-wal" }.Where(File.Exists))
            {
                File.Copy(file, System.IO.Path.Combine(copy.Path, System.IO.Path.GetFileName(file)), overwrite: true);
            }
        }
        while (!JournalHead().AsSpan().SequenceEqual(journal));

        return copy;
    }

    /// <summary>Changes the file behind the log's back, while it is closed.</summary>
    public void Tamper(string sql)
    {
        using var database = SqliteDatabase.Open(Database, readOnly: false, TimeSpan.FromSeconds(5));
        database.Execute(sql);
    }

    /// <summary>A figure of the file, as any program may read it.</summary>
    public long Query(string sql)
    {
        using var database = SqliteDatabase.Open(Database, readOnly: true, TimeSpan.FromSeconds(5));
        return database.QueryInt64(sql);
    }

    public void Dispose()
    {
        _reported.Dispose();
        if (Directory.Exists(Path))
        {
            Directory.Delete(Path, recursive: true);
        }
    }

    // Another one each time that the journal begins anew: then what it had before is in the database, but not in a copy from before.
    private byte[] JournalHead()
    {
        const int Length = 32;
        if (!File.Exists(Database + "-wal"))
        {
            return [];
        }

        using var journal = File.Open(Database + "-wal", FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        var head = new byte[Length];
        return head[..journal.ReadAtLeast(head, Length, throwOnEndOfStream: false)];
    }
}

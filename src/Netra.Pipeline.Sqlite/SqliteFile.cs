using System.Globalization;
using Microsoft.Extensions.Logging;
using Microsoft.Win32.SafeHandles;
using Netra.Pipeline.Diagnostics;
using Netra.Pipeline.Failures;
using Netra.Pipeline.Storage;
using SQLitePCL;

namespace Netra.Pipeline.Sqlite;

/// <summary>
/// The database file and the lock file beside it, which keeps a second process away. Says in people's words why it
/// cannot be opened, and what to do.
/// </summary>
internal sealed partial class SqliteFile : IDisposable
{
    /// <summary>The database's name in the data directory.</summary>
    public const string Name = "netra.db";

    // Twice SQLite's own: events come in order, and half as many pages are half as many system calls, a fifth of the CPU of storing an
    // event. Larger ones cost more where rows are scattered, and where few are read.
    private const int PageBytes = 8192;

    // 16 MiB: a checkpoint waits for the disk, so there should be few of them; reading a longer log is slower, and
    // so is opening it after a crash.
    public const int CheckpointPages = 16 * 1024 * 1024 / PageBytes;

    // 64 MiB: where the writer is held up until the log can begin anew, which it never does while commits follow each other closely.
    public const int LargestJournalPages = 4 * CheckpointPages;

    private const string JournalSuffix = "-wal";

    // Alerting's; keys may well be made before the first start.
    private const string Neighbour = "alerts.db";

    // The database, its write-ahead log, what its connections share, and the lock.
    private static readonly string[] Suffixes = ["", "-wal", "-shm", ".lock"];

    private const long KeptJournalBytes = 64L * 1024 * 1024;
    private const int WriterCacheKib = 16 * 1024;
    private const int ReaderCacheKib = 4 * 1024;

    // Reading a page takes less; a longer read is not waited for, since the writer waits meanwhile.
    private static readonly TimeSpan WaitForReaders = TimeSpan.FromMilliseconds(100);

    private readonly FileStream _lock;
    private readonly SqliteEventLogOptions _options;
    private SafeFileHandle? _pages;

    private SqliteFile(string path, FileStream held, SqliteEventLogOptions options) => (Path, _lock, _options) = (path, held, options);

    public string Path { get; }

    public static string PathIn(string directory) => System.IO.Path.GetFullPath(System.IO.Path.Combine(directory, Name));

    /// <summary>Makes the folder if it is missing, and takes the lock; null when another process has it.</summary>
    /// <exception cref="SendFailureException">It is not possible.</exception>
    public static SqliteFile? TryHold(string directory, SqliteEventLogOptions options)
    {
        var path = PathIn(directory);
        try
        {
            Directory.CreateDirectory(System.IO.Path.GetDirectoryName(path)!);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw SendFailureException.LogNotOpened(
                path, $"its folder cannot be made: {exception.Message} Make it, or set Netra:DataDirectory", exception);
        }

        try
        {
            return new SqliteFile(
                path, new FileStream(path + ".lock", FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, bufferSize: 1), options);
        }
        catch (IOException exception) when (FolderSignal.IsOfAnother(exception))
        {
            return null;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw SendFailureException.LogNotOpened(
                path,
                $"its folder cannot be written: {exception.Message} Give this process the right to, or set Netra:DataDirectory",
                exception);
        }
    }

    /// <summary>
    /// Whether the database is missing while others of its folder are there, so that it is probably not new; before it is opened.
    /// </summary>
    /// <exception cref="SendFailureException">Events would be deleted by opening it.</exception>
    public void LookAround(ILogger logger)
    {
        if (new FileInfo(Path) is { Exists: true, Length: > 0 })
        {
            return;
        }

        if (new FileInfo(Path + JournalSuffix) is { Exists: true, Length: > 0 })
        {
            throw SendFailureException.LogNotOpened(
                Path,
                $"it is not there, or empty, but {Name}{JournalSuffix} beside it has events, which SQLite would delete: put the database "
                + "back, or move that file away to begin anew");
        }

        if (File.Exists(System.IO.Path.Combine(System.IO.Path.GetDirectoryName(Path)!, Neighbour)))
        {
            Log.BeginsAnew(logger, Path, Neighbour);
        }
    }

    /// <summary>Opens the connection that writes, and brings the tables up to date.</summary>
    public SqliteDatabase OpenWriter(IReadOnlyList<SqliteMigration> migrations)
    {
        var database = SqliteDatabase.Open(Path, readOnly: false, _options.BusyTimeout);
        try
        {
            database.Execute(string.Create(CultureInfo.InvariantCulture, $"PRAGMA page_size = {PageBytes}"));
            if (database.QueryText("PRAGMA journal_mode = WAL") != "wal")
            {
                throw new InvalidDataException(
                    "its file system does not support write-ahead logging; set Netra:DataDirectory to a folder on a local disk");
            }

            var synchronous = _options.Synchronous == SqliteSynchronous.Full ? "FULL" : "NORMAL";
            database.Execute(string.Create(
                CultureInfo.InvariantCulture,
                $"PRAGMA synchronous = {synchronous}; PRAGMA secure_delete = ON; PRAGMA wal_autocheckpoint = 0; "
                + $"PRAGMA journal_size_limit = {KeptJournalBytes}; "
                + $"PRAGMA cache_size = -{WriterCacheKib}"));
            SqliteSchema.Migrate(database, migrations);
            SqliteSchema.EnsureLog(database);
            return database;
        }
        catch (Exception)
        {
            database.Dispose();
            throw;
        }
    }

    /// <summary>Has all its files watched; after <see cref="OpenWriter"/>, which makes them.</summary>
    public void Watch(FileWatch files)
    {
        foreach (var suffix in Suffixes)
        {
            files.Add(Path + suffix, isLog: true);
        }
    }

    /// <summary>
    /// Opens the database's pages, below SQLite; after <see cref="OpenWriter"/>. They stay open until everything else is closed, since
    /// closing them takes the locks away that SQLite has on the file.
    /// </summary>
    public SafeFileHandle OpenPages()
        => _pages = File.OpenHandle(Path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete);

    /// <summary>Opens the connection of the <see cref="Checkpointer"/>; after the one that writes.</summary>
    public SqliteDatabase OpenCheckpointer()
    {
        var database = SqliteDatabase.Open(
            Path, readOnly: false, _options.BusyTimeout / 2 < WaitForReaders ? _options.BusyTimeout / 2 : WaitForReaders);
        var synchronous = _options.Synchronous == SqliteSynchronous.Full ? "FULL" : "NORMAL";
        database.Execute($"PRAGMA synchronous = {synchronous}; PRAGMA wal_autocheckpoint = 0");
        return database;
    }

    /// <summary>Opens a connection that reads; after the one that writes.</summary>
    public SqliteDatabase OpenReader()
    {
        var database = SqliteDatabase.Open(Path, readOnly: true, _options.BusyTimeout);
        database.Execute(string.Create(CultureInfo.InvariantCulture, $"PRAGMA cache_size = -{ReaderCacheKib}"));
        return database;
    }

    /// <summary>What an exception means for the operator.</summary>
    public static string Explain(Exception exception) => exception is not SqliteFailureException failure
        ? exception.Message
        : string.Create(CultureInfo.InvariantCulture, $"{failure.Text} (SQLite {failure.ExtendedCode}); {Advice(failure.Code)}");

    public void Dispose()
    {
        _pages?.Dispose();
        _lock.Dispose();
    }

    private static string Advice(int code) => code switch
    {
        raw.SQLITE_FULL => "the disk is full: make room, or set Netra:DataDirectory to another one",
        raw.SQLITE_READONLY or raw.SQLITE_PERM => "the file cannot be written: give this process the right to write it and its folder",
        raw.SQLITE_CANTOPEN => "the file, or one beside it, cannot be opened: look at the rights of its folder",
        raw.SQLITE_BUSY or raw.SQLITE_LOCKED =>
            "another program holds a lock on the file: end it (Netra:Log:Sqlite:BusyTimeout says how long it is waited for)",
        raw.SQLITE_NOTADB => "the file is no SQLite database, or its beginning is damaged: put it aside or restore it from a copy",
        raw.SQLITE_CORRUPT => "the file is damaged: restore it from a copy, or put it aside and begin with a new one",
        raw.SQLITE_IOERR => "the disk, or its file system, fails: look at the system's log",
        raw.SQLITE_NOMEM => "there is not enough memory",
        _ => "this is a fault of the program or of the file",
    };

    private static partial class Log
    {
        [LoggerMessage(
            EventIds.LogBeginsAnew,
            LogLevel.Warning,
            "{Path} is not there, and begins anew, but {Neighbour} is beside it: if events are missing, stop, and restore the database",
            EventName = nameof(EventIds.LogBeginsAnew))]
        public static partial void BeginsAnew(ILogger logger, string path, string neighbour);
    }
}

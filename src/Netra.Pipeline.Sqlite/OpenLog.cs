using Microsoft.Extensions.Logging;
using Netra.Pipeline.Failures;
using Netra.Pipeline.Storage;

namespace Netra.Pipeline.Sqlite;

/// <summary>A log that is open: its file, its threads, and what they work with. Any thread may use it.</summary>
internal sealed class OpenLog : IAsyncDisposable
{
    private readonly SqliteFile _file;
    private readonly LogStore _store;
    private readonly AutoResetEvent _wake = new(initialState: false);
    private readonly SqliteEventLogOptions _options;
    private readonly FailureReporter _failures;
    private readonly Checkpointer _checkpointer;

    private OpenLog(
        SqliteFile file,
        LogStore store,
        SqliteReaders readers,
        Checkpointer checkpointer,
        FileWatch files,
        SqliteEventLogOptions options,
        FailureReporter failures,
        ILogger logger,
        TimeProvider time)
    {
        (_file, _store, _options, _failures, _checkpointer, Readers) = (file, store, options, failures, checkpointer, readers);
        store.Checkpointer = checkpointer;
        Queue = new AppendQueue(options, time, _wake);
        Writer = new SqliteWriter(store, Queue, _wake, options.SaveInterval, files, failures, logger, time);
        Leasing = new Leasing(store);
        Retention = new Retention(store, options.RetainedBytes);
        DeadLetterWriter = new DeadLetterWriter(store);
        Erasure = new Erasure(store, new PageScrubber(file.OpenPages()));
    }

    public AppendQueue Queue { get; }

    public SqliteWriter Writer { get; }

    public SqliteReaders Readers { get; }

    /// <summary>For the writer's jobs alone.</summary>
    public Leasing Leasing { get; }

    /// <inheritdoc cref="Leasing"/>
    public Retention Retention { get; }

    /// <inheritdoc cref="Leasing"/>
    public Erasure Erasure { get; }

    /// <inheritdoc cref="Leasing"/>
    public DeadLetterWriter DeadLetterWriter { get; }

    public string Epoch => _store.Epoch;

    /// <summary>The time that everything stored is labelled by.</summary>
    public StorageClock Clock => _store.Clock;

    public string Path => _file.Path;

    /// <summary>How many events the end of the last process had left uncounted.</summary>
    public long Recovered { get; private set; }

    /// <summary>Opens the file that is held, counts what was left uncounted, and starts the threads.</summary>
    /// <exception cref="SendFailureException">It is not possible; the message says why, and what to do.</exception>
    public static OpenLog Open(
        SqliteFile file,
        SqliteEventLogOptions options,
        IReadOnlyList<SqliteMigration> migrations,
        FileWatch files,
        FailureReporter failures,
        ILogger logger,
        TimeProvider time)
    {
        var readers = new SqliteReaders(file, options, failures);
        var checkpointer = new Checkpointer(file, failures, time);
        SqliteDatabase? database = null;
        try
        {
            file.LookAround(logger);
            database = file.OpenWriter(migrations);
            var boot = BeginBoot(database);
            var clock = new StorageClock(time);
            var store = new LogStore(database, clock, boot, database.QueryText("SELECT epoch FROM log")!);
            var recovered = new Recovery(store).Run();
            store.Streams.CountAll();
            database.TryTruncateJournal();
            readers.Open(clock);
            checkpointer.Open();
            var log = new OpenLog(file, store, readers, checkpointer, files, options, failures, logger, time) { Recovered = recovered };
            file.Watch(files);
            readers.Start();
            checkpointer.Start();
            log.Writer.Start();
            return log;
        }
        catch (Exception exception)
        {
            readers.Dispose();
            _ = checkpointer.DisposeAsync().AsTask();
            database?.Dispose();
            file.Dispose();
            throw exception is SqliteFailureException or InvalidDataException
                ? SendFailureException.LogNotOpened(file.Path, SqliteFile.Explain(exception), exception)
                : exception;
        }
    }

    /// <summary>Has the writer do something in its place among the events, and waits until it is committed.</summary>
    /// <param name="job">What.</param>
    /// <param name="cancellationToken">Cancels waiting.</param>
    /// <exception cref="SendFailureException">It failed, or too many wait.</exception>
    public ValueTask<T> DoAsync<T>(WriterJob<T> job, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return Queue.TryAdd(job)
            ? job.WaitAsync(cancellationToken)
            : throw SendFailureException.LogFull(
                new FailureScope(job.Operation), $"{_options.QueueRequests} requests (Netra:Log:Sqlite:QueueRequests)");
    }

    /// <summary>Reports events that retention had to delete without a dead letter.</summary>
    public void ReportDamaged(IReadOnlyList<string> events)
    {
        if (events.Count > 0)
        {
            _failures.Report(new Failure(
                FailureCode.LogFailed,
                "expire",
                $"{events.Count} events expired that are not as they were stored, and no dead letters could be made of them: the file "
                + $"{Path} is damaged; the first is {events[0]}"));
        }
    }

    /// <summary>Stores what waits, saves where the streams stand, and closes the file.</summary>
    public async ValueTask DisposeAsync()
    {
        await Writer.StopAsync();
        await Readers.StopAsync();
        Readers.Dispose();
        await _checkpointer.DisposeAsync();
        await Writer.DisposeAsync();
        await Queue.DisposeAsync();
        try
        {
            _store.Database.Execute("PRAGMA wal_checkpoint(TRUNCATE)");
        }
        catch (SqliteFailureException exception)
        {
            // Nothing is lost: the next start reads what is left in the file beside it.
            _failures.Report(new Failure(
                FailureCode.LogFailed, "close", $"{_file.Path} could not be brought up to date: {SqliteFile.Explain(exception)}")
            {
                Exception = exception,
            });
        }

        _store.Dispose();
        _file.Dispose();
        _wake.Dispose();
    }

    private static long BeginBoot(SqliteDatabase database)
    {
        database.Execute("UPDATE log SET boot = boot + 1");
        return database.QueryInt64("SELECT boot FROM log");
    }
}

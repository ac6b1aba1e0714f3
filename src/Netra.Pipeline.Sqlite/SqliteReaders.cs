using System.Collections.Concurrent;
using Netra.Pipeline.Failures;
using Netra.Pipeline.Storage;

namespace Netra.Pipeline.Sqlite;

/// <summary>
/// The threads that read, each with a connection of its own: thousands of clients that catch up at once neither starve the thread pool, nor
/// hold up the writer. One request at a time goes to the next free thread; none keeps a transaction open after it. Any thread may ask.
/// </summary>
internal sealed class SqliteReaders : IDisposable
{
    private readonly BlockingCollection<ReadJob> _waiting;
    private readonly SqliteFile _file;
    private readonly FailureReporter _failures;
    private readonly SqliteEventLogOptions _options;
    private readonly List<ReadStore> _stores = [];
    private readonly List<Task> _ended = [];

    public SqliteReaders(SqliteFile file, SqliteEventLogOptions options, FailureReporter failures)
    {
        (_file, _options, _failures) = (file, options, failures);
        _waiting = new BlockingCollection<ReadJob>(options.QueueRequests);
    }

    /// <summary>Opens the connections.</summary>
    public void Open(StorageClock clock)
    {
        for (var i = 0; i < _options.Readers; i++)
        {
            _stores.Add(new ReadStore(_file.OpenReader(), clock));
        }
    }

    /// <summary>Starts the threads.</summary>
    public void Start()
    {
        foreach (var store in _stores)
        {
            var ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _ended.Add(ended.Task);
            new Thread(() => Run(store, ended)) { Name = "Netra log reader", IsBackground = true }.Start();
        }
    }

    /// <summary>Reads something.</summary>
    /// <param name="scope">What, and for whom, for a failure's text.</param>
    /// <param name="read">Reads it, on one of the threads.</param>
    /// <param name="cancellationToken">Cancels waiting.</param>
    /// <exception cref="SendFailureException">It cannot be read, or too many wait.</exception>
    public ValueTask<T> ReadAsync<T>(FailureScope scope, Func<ReadStore, T> read, CancellationToken cancellationToken)
    {
        var job = new ReadJob<T>(read, exception => Explain(scope, exception));
        try
        {
            if (!_waiting.TryAdd(job, millisecondsTimeout: 0, CancellationToken.None))
            {
                throw SendFailureException.LogFull(scope, $"{_options.QueueRequests} requests (Netra:Log:Sqlite:QueueRequests)");
            }
        }
        catch (InvalidOperationException exception) when (_waiting.IsAddingCompleted)
        {
            throw new ObjectDisposedException("The log has ended.", exception);
        }

        return job.WaitAsync(cancellationToken);
    }

    /// <summary>Reads what was asked for until now, and ends.</summary>
    public async Task StopAsync()
    {
        _waiting.CompleteAdding();
        await Task.WhenAll(_ended);
        while (_waiting.TryTake(out var left))
        {
            left.Fail(new ObjectDisposedException(nameof(SqliteEventLog)));
        }
    }

    public void Dispose()
    {
        foreach (var store in _stores)
        {
            store.Dispose();
        }

        _waiting.Dispose();
    }

    private void Run(ReadStore store, TaskCompletionSource ended)
    {
        try
        {
            foreach (var job in _waiting.GetConsumingEnumerable())
            {
                job.Run(store);
            }

            ended.SetResult();
        }
        catch (Exception exception)
        {
            _failures.Report(new Failure(FailureCode.LogFailed, "read", $"a thread that reads {_file.Path} has ended: {exception.Message}")
            {
                Exception = exception,
            });
            ended.SetResult();
        }
    }

    private SendFailureException Explain(FailureScope scope, Exception exception)
    {
        var failure = SendFailureException.LogUnreadable(scope, _file.Path, SqliteFile.Explain(exception), exception);
        _failures.Report(failure);
        return failure;
    }
}

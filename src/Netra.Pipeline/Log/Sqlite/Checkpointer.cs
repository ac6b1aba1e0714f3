using Netra.Pipeline.Failures;

namespace Netra.Pipeline.Log.Sqlite;

/// <summary>
/// The thread that brings what was committed from the write-ahead log into the database, on a connection of its own: it waits for the disk,
/// and the writer does not. Where it cannot keep up, the writer pauses before each transaction, for a second at most: so more is stored at
/// once, which is less to write.
/// </summary>
/// <remarks>
/// The writer calls <see cref="OnCommitted"/> and <see cref="AwaitRoom"/>; everything else is called when the log opens and ends.
/// </remarks>
internal sealed class Checkpointer : IAsyncDisposable
{
    // What was committed while the last round worked is less each time, unless there is more to do than the disk can.
    private const int Rounds = 6;
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(1);

    private readonly SqliteFile _file;
    private readonly FailureReporter _failures;
    private readonly AutoResetEvent _wake = new(initialState: false);
    private readonly AutoResetEvent _roundDone = new(initialState: false);
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly ITimer _pause;
    private SqliteDatabase? _database;
    private volatile bool _isStopping;
    private bool _isStarted;

    // In pages that the writer has written: all of them, those that are in the database, and those at which this thread was woken last.
    private int _written;
    private int _broughtIn;
    private int _toldAt;

    public Checkpointer(SqliteFile file, FailureReporter failures, TimeProvider time)
    {
        (_file, _failures) = (file, failures);
        _pause = time.CreateTimer(
            static done => ((AutoResetEvent)done!).Set(), _roundDone, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Opens the connection.</summary>
    public void Open() => _database = _file.OpenCheckpointer();

    public void Start()
    {
        _isStarted = true;
        new Thread(Run) { Name = "Netra log checkpointer", IsBackground = true }.Start();
    }

    /// <summary>The writer has committed.</summary>
    /// <param name="written">How many pages it has written by now.</param>
    public void OnCommitted(int written)
    {
        Volatile.Write(ref _written, written);
        if (written - _toldAt >= SqliteFile.CheckpointPages)
        {
            _toldAt = written;
            _wake.Set();
        }
    }

    /// <summary>Holds the writer up for a moment where the write-ahead log has become too large.</summary>
    public void AwaitRoom()
    {
        var pages = Volatile.Read(ref _written) - Volatile.Read(ref _broughtIn);
        if (pages >= SqliteFile.LargestJournalPages && !_isStopping && !_ended.Task.IsCompleted)
        {
            _wake.Set();
            _pause.Change(LongestPause, Timeout.InfiniteTimeSpan);
            _roundDone.WaitOne();
        }
    }

    /// <summary>Ends after what it is doing, and closes the connection.</summary>
    public async ValueTask DisposeAsync()
    {
        _isStopping = true;
        _wake.Set();
        _roundDone.Set();
        if (_isStarted)
        {
            await _ended.Task;
        }

        await _pause.DisposeAsync();
        _database?.Dispose();
        _wake.Dispose();
        _roundDone.Dispose();
    }

    private void Run()
    {
        try
        {
            while (!_isStopping)
            {
                _wake.WaitOne();
                for (var round = 0; round < Rounds && !_isStopping && !TryFinish(); round++)
                {
                }
            }
        }
        catch (Exception exception)
        {
            var text = $"the thread that brings {_file.Path} up to date has ended; the file beside it grows until the next start: " +
                exception.Message;
            _failures.Report(new Failure(FailureCode.LogFailed, "checkpoint", text) { Exception = exception });
        }
        finally
        {
            _ended.SetResult();
            _roundDone.Set();
        }
    }

    /// <returns>Whether nothing is left, or nothing can be done at the moment.</returns>
    private bool TryFinish()
    {
        var written = Volatile.Read(ref _written);
        try
        {
            var (isBusy, committed, done) = _database!.Checkpoint();
            if (!isBusy && done >= committed)
            {
                Volatile.Write(ref _broughtIn, written);
            }

            return isBusy || done >= committed;
        }
        catch (SqliteFailureException exception) when (exception.IsPassing)
        {
            // The disk is full, or fails: the writer finds that too, and says so. It is tried again when there is more.
            return true;
        }
        finally
        {
            _roundDone.Set();
        }
    }
}

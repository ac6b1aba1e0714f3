using Netra.Pipeline.Failures;

namespace Netra.Pipeline.Sqlite;

/// <summary>
/// The thread that brings what was committed from the write-ahead log into the database, on a connection of its own: it waits for the disk,
/// and the writer does not. SQLite begins the log anew only when a transaction begins at a moment at which all of it is in the database and
/// no connection reads from it. Under commits that follow each other closely there is no such moment, so the writer pauses for it where the
/// log has become large, for a second at most.
/// </summary>
/// <remarks>
/// The writer calls <see cref="OnCommitted"/> and <see cref="AwaitRoom"/>; everything else is called when the log opens and ends. While the
/// disk cannot keep up, the writer pauses before each transaction; a long read costs it a short pause, and the next one comes
/// when a checkpoint's worth more is committed.
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
    private volatile bool _isOver;
    private volatile bool _isWriterPaused;
    private bool _isStarted;

    // In pages: all that the writer has written, and at which of them this thread was woken last. The log has the more
    // of them by what it had before, and the fewer by what it had when it was begun anew, as the last round found it.
    // Before some page another pause is in vain.
    private long _written;
    private long _toldAt;
    private long _difference;
    private long _noPauseBefore;

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
    /// <param name="pages">How many pages it has written since it said so last.</param>
    public void OnCommitted(int pages)
    {
        var written = _written + pages;
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
        if (_written + Volatile.Read(ref _difference) < SqliteFile.LargestJournalPages || _written < Volatile.Read(ref _noPauseBefore))
        {
            return;
        }

        // Of an earlier pause, which was over before. Only a round that begins in this one finds everything committed.
        _roundDone.Reset();
        _isWriterPaused = true;
        if (!_isStopping && !_isOver)
        {
            _wake.Set();
            _pause.Change(LongestPause, Timeout.InfiniteTimeSpan);
            _roundDone.WaitOne();
            _pause.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        }

        _isWriterPaused = false;
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
            _isOver = true;
            _roundDone.Set();

            // Last: disposing waits for it, and then closes the handles.
            _ended.SetResult();
        }
    }

    /// <returns>Whether nothing is left, or nothing can be done at the moment.</returns>
    private bool TryFinish()
    {
        var isWriterPaused = _isWriterPaused;
        var written = Volatile.Read(ref _written);
        var isLarge = true;
        try
        {
            var (isBusy, committed, done) = _database!.Checkpoint();
            if (!isBusy)
            {
                Volatile.Write(ref _difference, committed - written);
                isLarge = committed >= SqliteFile.LargestJournalPages;
            }

            // There is little left to bring in, so it waits for readers at most.
            if (isWriterPaused && isLarge && !isBusy && _database.TryRestartJournal())
            {
                Volatile.Write(ref _difference, -written);
                isLarge = false;
                return true;
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
            if (isWriterPaused)
            {
                Volatile.Write(ref _noPauseBefore, isLarge ? written + SqliteFile.CheckpointPages : 0);
                _roundDone.Set();
            }
        }
    }
}

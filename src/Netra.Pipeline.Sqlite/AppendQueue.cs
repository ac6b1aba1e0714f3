using Netra.Pipeline.Protocol;
using Netra.Pipeline.Storage;

namespace Netra.Pipeline.Sqlite;

/// <summary>
/// What waits for the writer: events and jobs in one order, and beside them the connections' progress. It decides when the writer is woken:
/// at once for a job or a large batch, soon for a critical event, a little later for others.
/// </summary>
/// <remarks>
/// Any thread may add; the writer takes. One lock guards everything and is held for a few assignments. Bounded: what the writer has taken
/// counts until <see cref="Release"/>. An emitter that finds no room may wait for it in a queue, which costs those that find room one
/// comparison.
/// </remarks>
internal sealed class AppendQueue : IAsyncDisposable
{
    private const int BatchEntries = 2000;
    private const int BatchBytes = 1024 * 1024;
    private const int KeptCapacity = 16 * 1024;
    private const int SmallBatchesOfQuiet = 64;

    private readonly Lock _gate = new();
    private readonly SqliteEventLogOptions _options;
    private readonly AutoResetEvent _wake;
    private readonly ITimer _timer;
    private readonly RoomQueue _waiting;
    private List<QueuedItem> _items = [];
    private List<QueuedItem> _spare = [];
    private List<HistoryEntry> _progress = [];
    private List<HistoryEntry> _spareProgress = [];
    private int _smallBatches;
    private int _smallProgress;
    private long _storedBytes;
    private long _heldBytes;
    private int _heldEntries;
    private int _requests;
    private int _progressTaken;
    private int _jobsSeen;
    private long _batchBytes;
    private bool _isArmed;
    private bool _isUrgent;
    private bool _isWoken;
    private bool _isClosed;
    private bool _isPaused;

    public AppendQueue(SqliteEventLogOptions options, TimeProvider time, AutoResetEvent wake)
    {
        (_options, _wake) = (options, wake);
        _waiting = new RoomQueue(_gate, Fits);
        _timer = time.CreateTimer(static wake => ((AutoResetEvent)wake!).Set(), wake, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>What the kept events hold, and those that wait, in bytes.</summary>
    public long Bytes
    {
        get
        {
            lock (_gate)
            {
                return _storedBytes + _heldBytes;
            }
        }
    }

    /// <summary>How many events wait, or are being stored.</summary>
    public int Entries
    {
        get
        {
            lock (_gate)
            {
                return _heldEntries;
            }
        }
    }

    public AppendResult TryAdd(SqliteLease lease, in LogEntry entry)
    {
        var bytes = entry.Buffer.Length;
        var isUrgent = entry.IsUrgent || entry.Key is not null || entry.Command is not null || EventTypes.IsCritical(entry.Type);
        lock (_gate)
        {
            if (_isClosed)
            {
                return AppendResult.Failed;
            }

            if (entry.HasRoom
                ? !HasRoom(entries: 1, bytes)
                : _waiting.AnyWaiting || !HasRoom(_waiting.KeptEntries + 1, _waiting.KeptBytes + bytes))
            {
                return AppendResult.Full;
            }

            _items.Add(new QueuedItem(lease, entry));
            _heldEntries++;
            _heldBytes += bytes;
            _batchBytes += bytes;
            if (_items.Count >= BatchEntries || _batchBytes >= BatchBytes)
            {
                Wake();
            }
            else if (isUrgent && !_isUrgent)
            {
                (_isUrgent, _isArmed) = (true, true);
                _timer.Change(_options.CriticalDelay, Timeout.InfiniteTimeSpan);
            }
            else if (!_isArmed)
            {
                _isArmed = true;
                _timer.Change(_options.TokenDelay, Timeout.InfiniteTimeSpan);
            }

            return AppendResult.Taken;
        }
    }

    /// <summary>
    /// Waits for room for an event; while the queue is paused or full, in the order of the calls. An event that it can never hold does not
    /// wait.
    /// </summary>
    public ValueTask<IDisposable> WaitForRoomAsync(int bytes, CancellationToken cancellationToken)
        => _waiting.WaitAsync(bytes, cancellationToken);

    /// <summary>Nothing can be stored at the moment: no waiting emitter gets room until <see cref="Resume"/>.</summary>
    public void Pause()
    {
        lock (_gate)
        {
            _isPaused = true;
        }
    }

    public void Resume()
    {
        lock (_gate)
        {
            _isPaused = false;
        }

        _waiting.Update();
    }

    /// <returns>Whether it was taken: not when too many wait.</returns>
    /// <exception cref="ObjectDisposedException">The log has ended.</exception>
    public bool TryAdd(WriterJob job)
    {
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_isClosed, typeof(SqliteEventLog));
            if (_requests >= _options.QueueRequests)
            {
                return false;
            }

            _requests++;
            _items.Add(new QueuedItem(job));
            Wake();
            return true;
        }
    }

    /// <returns>Whether it was taken: not when too many wait. It is stored with the next batch, or when streams are saved.</returns>
    public bool TryAdd(in HistoryEntry entry)
    {
        lock (_gate)
        {
            if (_isClosed || _progress.Count + _progressTaken >= _options.QueueEntries)
            {
                return false;
            }

            _progress.Add(entry);
            return true;
        }
    }

    /// <summary>Takes everything that waits. What was taken before is done with.</summary>
    public (List<QueuedItem> Items, List<HistoryEntry> Progress) Take()
    {
        lock (_gate)
        {
            (_items, _spare) = (Emptied(_spare, ref _smallBatches), _items);
            (_progress, _spareProgress) = (Emptied(_spareProgress, ref _smallProgress), _progress);
            _progressTaken = _spareProgress.Count;
            if (_isArmed)
            {
                _timer.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
            }

            (_batchBytes, _isArmed, _isUrgent, _isWoken, _jobsSeen) = (0, false, false, false, 0);
            return (_spare, _spareProgress);
        }
    }

    /// <summary>
    /// The jobs that have come to wait since this was asked last; each stays where it is. Whatever comes next wakes the writer again.
    /// </summary>
    public void CollectNewJobs(List<WriterJob> jobs)
    {
        lock (_gate)
        {
            for (; _jobsSeen < _items.Count; _jobsSeen++)
            {
                if (_items[_jobsSeen].Job is { } job)
                {
                    jobs.Add(job);
                }
            }

            _isWoken = false;
        }
    }

    /// <summary>Some of what was taken is stored, or will never be.</summary>
    /// <param name="entries">How many events.</param>
    /// <param name="bytes">What they held.</param>
    /// <param name="requests">How many jobs.</param>
    /// <param name="storedBytes">What all kept events hold now.</param>
    public void Release(int entries, long bytes, int requests, long storedBytes)
    {
        lock (_gate)
        {
            _heldEntries -= entries;
            _heldBytes -= bytes;
            _requests -= requests;
            _storedBytes = storedBytes;
        }

        _waiting.Update();
    }

    /// <summary>Takes nothing more.</summary>
    public void Close()
    {
        lock (_gate)
        {
            _isClosed = true;
        }

        _waiting.Update();
    }

    public ValueTask DisposeAsync() => _timer.DisposeAsync();

    private bool HasRoom(int entries, long bytes)
        => _heldEntries + entries <= _options.QueueEntries
            && _heldBytes + bytes <= _options.QueueBytes
            && _storedBytes + _heldBytes + bytes <= _options.MaxBytes;

    private bool Fits(int bytes)
        => _isClosed
            || bytes > Math.Min(_options.QueueBytes, _options.MaxBytes)
            || (!_isPaused && HasRoom(_waiting.KeptEntries + 1, _waiting.KeptBytes + bytes));

    // A burst that is over must not be paid for as long as the log lives; but a small batch in the middle of one does not end it, and lists
    // that large are dear to make anew.
    private static List<T> Emptied<T>(List<T> list, ref int smallInARow)
    {
        smallInARow = list.Count < Math.Max(list.Capacity, KeptCapacity) / 8 ? smallInARow + 1 : 0;
        if (list.Capacity > KeptCapacity && smallInARow > SmallBatchesOfQuiet)
        {
            return [];
        }

        list.Clear();
        return list;
    }

    private void Wake()
    {
        if (!_isWoken)
        {
            _isWoken = true;
            _wake.Set();
        }
    }
}

/// <summary>An event with its lease, or a job.</summary>
internal readonly struct QueuedItem
{
    public QueuedItem(SqliteLease lease, in LogEntry entry) => (Lease, Entry) = (lease, entry);

    public QueuedItem(WriterJob job) => Job = job;

    /// <summary>The event's stream; null for a job.</summary>
    public SqliteLease? Lease { get; }

    public LogEntry Entry { get; }

    /// <summary>The job; null for an event.</summary>
    public WriterJob? Job { get; }
}

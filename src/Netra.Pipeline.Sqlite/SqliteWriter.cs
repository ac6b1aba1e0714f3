using System.Runtime.InteropServices;
using Microsoft.Extensions.Logging;
using Netra.Pipeline.Failures;

namespace Netra.Pipeline.Sqlite;

/// <summary>
/// The thread that writes. It sleeps until the queue wakes it, and stores everything that waits in one transaction. What it has taken it
/// never gives up while the log runs: a transaction that fails is rolled back and tried again, less and less often; meanwhile
/// <see cref="Trouble"/> says why, so that nothing more is taken.
/// </summary>
/// <remarks>
/// The store is the thread's own. Owners and the callers of jobs are told between transactions, under no lock. The lock guards since when a
/// transaction is at work, and is held for a moment.
/// </remarks>
internal sealed class SqliteWriter : IAsyncDisposable
{
    private const int EntriesAtOnce = 10_000;
    private const int LastTries = 3;
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(50);

    // A disk that has not answered for so long may never do so; a canary has as long to arrive.
    private static readonly TimeSpan LongestCommit = TimeSpan.FromSeconds(10);

    // What waits for the log is served within a second of the end of its trouble.
    private static readonly TimeSpan LongestPause = TimeSpan.FromMilliseconds(500);

    private readonly LogStore _store;
    private readonly AppendQueue _queue;
    private readonly WriterReporter _reporter;
    private readonly FileWatch _files;
    private readonly TimeProvider _time;
    private readonly AutoResetEvent _wake;
    private readonly AutoResetEvent _retry = new(initialState: false);
    private readonly ITimer _retryTimer;
    private readonly ITimer _saveTimer;
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly List<WriterJob> _done = [];
    private readonly HashSet<WriterJob> _failed = [];
    private readonly List<WriterJob> _ahead = [];
    private readonly WaitHandle[] _pauseSignals;
    private readonly Lock _gate = new();
    private volatile Totals _totals;
    private volatile bool _isStopping;
    private int _saveDue;

    // When the transaction was begun that is at work.
    private long? _begunAt;

    public SqliteWriter(
        LogStore store,
        AppendQueue queue,
        AutoResetEvent wake,
        TimeSpan saveInterval,
        FileWatch files,
        FailureReporter failures,
        ILogger logger,
        TimeProvider time)
    {
        (_store, _queue, _wake, _files, _time) = (store, queue, wake, files, time);
        _reporter = new WriterReporter(store.Database.Path, failures, logger);
        _pauseSignals = [_retry, wake];
        _totals = new Totals(store.Resting, store.Streams.Count);
        _queue.Release(entries: 0, bytes: 0, requests: 0, store.StoredBytes);
        _retryTimer = time.CreateTimer(
            static retry => ((AutoResetEvent)retry!).Set(), _retry, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        _saveTimer = time.CreateTimer(static writer => ((SqliteWriter)writer!).Save(), this, saveInterval, saveInterval);
    }

    /// <summary>Why nothing can be stored at the moment; null while all is well.</summary>
    public string? Trouble => _reporter.Trouble;

    /// <summary>Whether a transaction is at work.</summary>
    public bool IsAtWork
    {
        get
        {
            lock (_gate)
            {
                return _begunAt is not null;
            }
        }
    }

    /// <summary>All streams without a lease, together, and how many streams there are.</summary>
    public Totals Totals => _totals;

    /// <summary>Reports that an owner threw when it was told something.</summary>
    public Action<SqliteLease, Exception> ReportOwner => _reporter.ReportOwner;

    /// <summary>Is told on the writer's thread how long each transaction took; it must not throw.</summary>
    public Action<TimeSpan>? OnCommit { private get; set; }

    /// <summary>
    /// Sees whether the transaction at work waits for the disk for too long; that is over with the transaction. Called by a loop.
    /// </summary>
    public void Look()
    {
        lock (_gate)
        {
            if (_begunAt is { } begun && _time.GetElapsedTime(begun) is var took && took >= LongestCommit)
            {
                _queue.Pause();
                _reporter.BeginDelay(took);
            }
        }
    }

    public void Start() => new Thread(Run) { Name = "Netra log writer", IsBackground = true }.Start();

    /// <summary>Stores what waits in a last, bounded number of tries, and ends.</summary>
    public Task StopAsync()
    {
        _queue.Close();
        _isStopping = true;
        _wake.Set();
        _retry.Set();
        return _ended.Task;
    }

    public async ValueTask DisposeAsync()
    {
        // A timer that fires at this moment still finds what it sets.
        await _saveTimer.DisposeAsync();
        await _retryTimer.DisposeAsync();
        _retry.Dispose();
    }

    // While its files are lost, a transaction is tried so that it is known when they are back.
    private bool HasToSave => _store.HasUnsaved || _files.LostOfLog is not null;

    private void Save()
    {
        Interlocked.Exchange(ref _saveDue, 1);
        _wake.Set();
    }

    private void Run()
    {
        try
        {
            while (!_isStopping)
            {
                _wake.WaitOne();
                Drain(Interlocked.Exchange(ref _saveDue, 0) == 1);
            }

            Drain(save: true);
        }
        catch (Exception exception)
        {
            _reporter.ReportEnd(exception);
            _queue.Close();
            Abandon(_queue.Take().Items, start: 0, exception);
        }
        finally
        {
            _ended.SetResult();
        }
    }

    private void Drain(bool save)
    {
        var (items, progress) = _queue.Take();
        for (var start = 0; start < items.Count || progress.Count > 0 || (save && HasToSave);)
        {
            start = Store(items, start, progress, save);
            (progress, save) = ([], false);
        }
    }

    /// <summary>Stores the next of what waits, however often it has to be tried.</summary>
    /// <returns>The first that is left.</returns>
    private int Store(List<QueuedItem> items, int start, List<HistoryEntry> progress, bool save)
    {
        var pause = FirstPause;
        int? end = null;
        for (var tries = 1; end is null; tries++)
        {
            try
            {
                end = Transact(items, start, progress, save);
            }
            catch (Exception exception)
            {
                _queue.Pause();
                _reporter.BeginTrouble(exception);
                if (_isStopping && tries >= LastTries)
                {
                    Abandon(items, start, exception);
                    return items.Count;
                }
            }

            if (end is null && !_isStopping)
            {
                Pause(items, start, pause, isFirst: tries == 1);
                pause = pause * 2 < LongestPause ? pause * 2 : LongestPause;
            }
        }

        End(items, start, end.Value);
        return end.Value;
    }

    /// <summary>
    /// Waits until it is to be tried again. Meanwhile pages whose users are known are let in: their streams only have to be read.
    /// </summary>
    private void Pause(List<QueuedItem> items, int start, TimeSpan pause, bool isFirst)
    {
        if (isFirst)
        {
            _ahead.AddRange(items.Skip(start).Where(static item => item.Job is not null).Select(static item => item.Job!));
        }

        _retryTimer.Change(pause, Timeout.InfiniteTimeSpan);
        do
        {
            _queue.CollectNewJobs(_ahead);
            foreach (var job in _ahead)
            {
                try
                {
                    job.TryAhead(_store);
                }
                catch (Exception)
                {
                    // It keeps its turn, and whatever is wrong is said there.
                    _store.Rollback();
                }
            }

            _ahead.Clear();
            PublishTotals();
        }
        while (WaitHandle.WaitAny(_pauseSignals) != 0 && !_isStopping);
    }

    private int Transact(List<QueuedItem> items, int start, List<HistoryEntry> progress, bool save)
    {
        while (true)
        {
            WriterJob? running = null;
            var begun = _time.GetTimestamp();
            SetBegun(begun);
            _done.Clear();
            try
            {
                if (_files.LostOfLog is { } lost)
                {
                    throw new InvalidDataException(lost);
                }

                _store.Begin();

                // First, since a release among the items ends the stream's history.
                foreach (var entry in progress)
                {
                    _store.Record(entry);
                }

                var end = Apply(items, start, ref running);
                if (save)
                {
                    _store.SaveAll();
                }

                _store.Commit();
                WriterReporter.Attempt((OnCommit, Took: _time.GetElapsedTime(begun)), static of => of.OnCommit?.Invoke(of.Took));
                return end;
            }
            catch (Exception exception)
            {
                _store.Rollback();
                if (running is null || exception is SqliteFailureException { IsPassing: true })
                {
                    throw;
                }

                // It fails for its own sake, and must not keep the others from being stored.
                _failed.Add(running);
                _reporter.Fail(running, exception);
            }
            finally
            {
                SetBegun(null);
            }
        }
    }

    private void SetBegun(long? at)
    {
        lock (_gate)
        {
            _begunAt = at;
        }
    }

    private int Apply(List<QueuedItem> items, int start, ref WriterJob? running)
    {
        var waiting = CollectionsMarshal.AsSpan(items);
        var end = start;
        for (; end < waiting.Length && end - start < EntriesAtOnce; end++)
        {
            ref readonly var item = ref waiting[end];
            if (item.Lease is { } lease)
            {
                _store.Append(lease, item.Entry);
                continue;
            }

            var job = item.Job!;
            if (job.IsAlone && end > start)
            {
                break;
            }

            if (!job.IsOver && !_failed.Contains(job))
            {
                running = job;
                job.Run(_store);
                running = null;
                _done.Add(job);
            }

            if (job.IsAlone)
            {
                return end + 1;
            }
        }

        return end;
    }

    // Committed: owners and callers are told, and their room is released first, since they may want to add more at once.
    private void End(List<QueuedItem> items, int start, int end)
    {
        if (_reporter.TryEndTrouble())
        {
            _queue.Resume();

            // What came meanwhile has not woken this thread.
            _wake.Set();
            _reporter.ReportTroubleOver();
        }

        var (entries, bytes) = (0, 0L);
        foreach (ref readonly var item in CollectionsMarshal.AsSpan(items)[start..end])
        {
            entries += item.Lease is null ? 0 : 1;
            bytes += item.Lease is null ? 0 : item.Entry.Buffer.Length;
        }

        _queue.Release(entries, bytes, end - start - entries, _store.StoredBytes);
        PublishTotals();
        _store.TellOwners(_reporter.ReportOwner);
        foreach (var job in _done)
        {
            job.Complete(_store);
        }

        PublishTotals();
        _failed.Clear();
    }

    private void PublishTotals()
    {
        var totals = new Totals(_store.Resting, _store.Streams.Count);
        _totals = totals == _totals ? _totals : totals;
    }

    private void Abandon(List<QueuedItem> items, int start, Exception cause)
    {
        var owners = new HashSet<SqliteLease>();
        foreach (ref readonly var item in CollectionsMarshal.AsSpan(items)[start..])
        {
            if (item.Lease is { } lease)
            {
                owners.Add(lease);
            }
            else if (!_failed.Contains(item.Job!))
            {
                _reporter.Fail(item.Job!, cause);
            }
        }

        foreach (var lease in owners)
        {
            LogStore.Tell(lease, _reporter.ReportOwner, static (lease, cause) => lease.Owner!.OnAbandoned(cause), cause);
        }
    }
}

using System.Globalization;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Netra.Pipeline.Diagnostics;
using Netra.Pipeline.Failures;
using Netra.Pipeline.Storage;
using Netra.Pipeline.Tenants;

namespace Netra.Pipeline.Sqlite;

/// <summary>
/// The log of one node, in a SQLite file (<c>netra.db</c> in <c>Netra:DataDirectory</c>). What it has committed survives the process.
/// </summary>
/// <remarks>
/// Everything may be called in parallel. One thread writes, in the order in which it was asked, many requests in a transaction; a few
/// threads read. Callers hold the queue's lock for a moment, and no other.
/// </remarks>
public sealed partial class SqliteEventLog : IEventLog
{
    private readonly SqliteEventLogOptions _options;
    private readonly DataOptions _data;
    private readonly FailureReporter _failures;
    private readonly ILogger _logger;
    private readonly TimeProvider _time;
    private readonly SqliteExpiry _expiry = new();
    private OpenLog? _open;
    private bool _isDisposed;

    /// <summary>Makes a log that is not open yet.</summary>
    /// <param name="options">Its limits.</param>
    /// <param name="data">Where its file lives.</param>
    /// <param name="failures">Reports what fails.</param>
    /// <param name="logger">The log for operators.</param>
    /// <param name="time">The clock.</param>
    public SqliteEventLog(
        IOptions<SqliteEventLogOptions> options,
        IOptions<DataOptions> data,
        FailureReporter failures,
        ILogger<SqliteEventLog> logger,
        TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(data);
        (_options, _data, _failures, _logger, _time) = (options.Value, data.Value, failures, logger, time);
        DeadLetters = new SqliteDeadLetters(this);
        Commands = new SqliteCommands(this);
        Audit = new SqliteDeliveryHistory(this);
        Threads = new SqliteThreads(this);
    }

    /// <inheritdoc/>
    public string Epoch => Open.Epoch;

    /// <inheritdoc/>
    public string Bound => string.Create(
        CultureInfo.InvariantCulture,
        $"{_options.MaxBytes} bytes kept (Netra:Log:Sqlite:MaxBytes), or {_options.QueueEntries} events or {_options.QueueBytes} bytes "
        + $"waiting to be committed (QueueEntries, QueueBytes)");

    /// <inheritdoc/>
    public string? Trouble => _open?.Writer.Trouble ?? Files.LostOfLog;

    /// <inheritdoc/>
    public string? LostFiles => Files.Lost;

    /// <inheritdoc/>
    public StreamAccount Resting => Open.Writer.Totals.Resting;

    /// <inheritdoc/>
    public long StreamCount => Open.Writer.Totals.Streams;

    /// <inheritdoc/>
    public IDeadLetterStore DeadLetters { get; }

    /// <inheritdoc/>
    public ICommandStore Commands { get; }

    /// <inheritdoc/>
    public IAuditTrail Audit { get; }

    /// <inheritdoc/>
    public IThreadIndex Threads { get; }

    /// <summary>What is kept at the moment, and what waits to be committed, in bytes.</summary>
    public long Bytes => Open.Queue.Bytes;

    /// <summary>
    /// How many events wait to be committed, and how many may; what is kept, and what may be. All are 0 before the log is open.
    /// </summary>
    internal long WaitingEvents => _open?.Queue.Entries ?? 0;

    /// <inheritdoc cref="WaitingEvents"/>
    internal long MaxWaitingEvents => _open is null ? 0 : _options.QueueEntries;

    /// <inheritdoc cref="WaitingEvents"/>
    internal long KeptBytes => _open?.Queue.Bytes ?? 0;

    /// <inheritdoc cref="WaitingEvents"/>
    internal long MaxBytes => _open is null ? 0 : _options.MaxBytes;

    /// <summary>Is told how long each transaction took. To be set before the log is opened; it must not throw.</summary>
    internal Action<TimeSpan>? OnCommit { private get; set; }

    /// <summary>Takes the folder over from another process. To be set before the log is opened; null where that is not wanted.</summary>
    internal FolderHandOver? HandOver { private get; set; }

    /// <summary>Watches the log's files, and those that others have open in its folder.</summary>
    internal FileWatch Files { get; init; } = new();

    internal OpenLog Open => _open ?? throw new InvalidOperationException("The log is not open; StartAsync comes first.");

    /// <summary>The steps from each version of the tables to the next.</summary>
    internal IReadOnlyList<SqliteMigration> Migrations { private get; init; } = SqliteSchema.Migrations;

    /// <inheritdoc/>
    public async ValueTask StartAsync(CancellationToken cancellationToken)
    {
        try
        {
            // Opening waits for the disk, and may have to count many events.
            _open = await Task.Run(
                async () => OpenLog.Open(await HoldAsync(cancellationToken), _options, Migrations, Files, _failures, _logger, _time),
                cancellationToken);
            _open.Writer.OnCommit = OnCommit;
        }
        catch (SendFailureException exception)
        {
            _failures.Report(exception);
            throw;
        }

        Log.Opened(_logger, Open.Path, Epoch, StreamCount, Bytes, Open.Recovered);
    }

    /// <inheritdoc/>
    public async ValueTask<StreamLease> OpenAsync(string userId, Func<StreamLease, IStreamOwner> own, CancellationToken cancellationToken)
    {
        ArgumentException.ThrowIfNullOrEmpty(userId);
        ArgumentNullException.ThrowIfNull(own);
        var log = Open;
        return await log.DoAsync(
            new WriterJob<SqliteLease>(
                "open",
                _ => log.Leasing.Open(userId),
                kept: (_, lease) => lease.Owner = own(lease),
                unwanted: static (store, lease) => store.Disown(lease),
                ahead: _ => log.Leasing.OpenResting(userId)),
            cancellationToken);
    }

    /// <inheritdoc/>
    public async ValueTask<(StreamLease Lease, LogRun? Run)> OpenForRunAsync(
        string userId, string threadId, string runId, Func<StreamLease, IStreamOwner> own, CancellationToken cancellationToken)
    {
        ArgumentException.ThrowIfNullOrEmpty(userId);
        ArgumentNullException.ThrowIfNull(own);
        var log = Open;
        return await log.DoAsync(
            new WriterJob<(SqliteLease Lease, LogRun? Run)>(
                "open",
                store =>
                {
                    var lease = log.Leasing.Open(userId);
                    log.Leasing.TryClaim(lease);
                    return (lease, store.Runs.Find(lease.Stream, threadId, runId));
                },
                kept: (_, opened) =>
                {
                    opened.Lease.SetClaimed(isInForce: true);
                    opened.Lease.Owner = own(opened.Lease);
                },
                unwanted: static (store, opened) => store.Disown(opened.Lease)),
            cancellationToken);
    }

    /// <inheritdoc/>
    public async ValueTask ClaimAsync(StreamLease lease, CancellationToken cancellationToken)
    {
        var (log, granted) = (Open, Granted(lease));
        if (granted.IsClaimed)
        {
            return;
        }

        var job = new WriterJob<bool>("claim", _ => log.Leasing.TryClaim(granted), kept: (_, isInForce) => granted.SetClaimed(isInForce));
        if (!await log.DoAsync(job, cancellationToken))
        {
            throw Superseded(granted);
        }
    }

    /// <inheritdoc/>
    public async ValueTask ReleaseAsync(StreamLease lease, IReadOnlyList<SeqRange> acknowledged, CancellationToken cancellationToken)
    {
        var (log, granted) = (Open, Granted(lease));
        if (!await log.DoAsync(new WriterJob<bool>("release", _ => log.Leasing.TryRelease(granted, acknowledged)), cancellationToken))
        {
            throw Superseded(granted);
        }
    }

    /// <inheritdoc/>
    public AppendResult TryAppend(StreamLease lease, in LogEntry entry)
    {
        var (log, granted) = (Open, Granted(lease));
        if (granted.HasEnded || Trouble is not null)
        {
            return AppendResult.Failed;
        }

        if (!granted.IsClaimed)
        {
            throw new InvalidOperationException($"The stream of {UserKey.Show(granted.UserId)} is not claimed.");
        }

        if (entry.Seq != granted.LastTaken + 1)
        {
            throw new InvalidOperationException(
                $"Event {entry.Seq} does not follow {granted.LastTaken} in the stream of {UserKey.Show(granted.UserId)}.");
        }

        // As it is now: by the time that it is stored the wall clock may have been set.
        var accepted = log.Clock.OfWall(entry.AcceptedAt);
        if (entry.Key is { } key)
        {
            key.KeptUntil = log.Clock.OfWall(key.ExpiresAt);
        }

        var result = log.Queue.TryAdd(granted, accepted == entry.AcceptedAt ? entry : entry with { AcceptedAt = accepted });
        granted.LastTaken = result == AppendResult.Taken ? entry.Seq : granted.LastTaken;
        return result;
    }

    /// <inheritdoc/>
    public ValueTask<IDisposable> WaitForRoomAsync(StreamLease lease, int bytes, CancellationToken cancellationToken)
        => Open.Queue.WaitForRoomAsync(bytes, cancellationToken);

    /// <inheritdoc/>
    public ValueTask<EventPage> ReadPageAsync(StreamLease lease, SeqRange range, int maxBytes, CancellationToken cancellationToken)
    {
        // The head is looked up before the reader begins its transaction, which therefore sees it.
        var granted = Granted(lease);
        return Open.Readers.ReadAsync(
            new FailureScope("read", granted.UserId), store => store.Events.ReadPage(granted.View, range, maxBytes), cancellationToken);
    }

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<ExpiredRange>> ExpireAsync(DateTimeOffset olderThan, CancellationToken cancellationToken)
        => _expiry.ExpireAsync(Open, olderThan, cancellationToken);

    /// <inheritdoc/>
    public ValueTask<LogRun?> FindRunAsync(StreamLease lease, string threadId, string runId, CancellationToken cancellationToken)
    {
        // The writer has the newest counters in memory.
        var granted = Granted(lease);
        return Open.DoAsync(
            new WriterJob<LogRun?>("find-run", store => store.Runs.Find(store.Streams.Get(granted.Stream.Id), threadId, runId)),
            cancellationToken);
    }

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<OpenRun>> ReadOpenRunsAsync(CancellationToken cancellationToken) => Open.DoAsync(
        new WriterJob<IReadOnlyList<OpenRun>>(
            "read-open-runs",
            static store =>
            {
                store.SaveAll();
                return store.Runs.ReadOpen();
            }),
        cancellationToken);

    /// <inheritdoc/>
    public async ValueTask StoreWaitAsync(StreamLease lease, LogRun run, DateTimeOffset until, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(run);
        var granted = Granted(lease);
        var job = new WriterJob<bool>(
            "store-wait",
            store =>
            {
                store.Runs.Wait(store.Streams.Get(granted.Stream.Id), run.ThreadId, run.RunId, until);
                return true;
            });
        await Open.DoAsync(job, cancellationToken);
    }

    /// <inheritdoc/>
    public ValueTask<StoredKey?> FindKeyAsync(UInt128 hash, CancellationToken cancellationToken)
        => Open.Readers.ReadAsync(new FailureScope("find-key"), store => store.Keys.Find(hash), cancellationToken);

    /// <inheritdoc/>
    public ValueTask<string?> FindUserAsync(ulong streamId, CancellationToken cancellationToken)
        => Open.Readers.ReadAsync(new FailureScope("find-user"), store => store.FindUser(streamId), cancellationToken);

    /// <inheritdoc/>
    public ValueTask<StreamAccount> EraseAsync(string userId, CancellationToken cancellationToken)
    {
        ArgumentException.ThrowIfNullOrEmpty(userId);
        return new SqliteErasure(Open, _time).EraseAsync(userId, cancellationToken);
    }

    /// <inheritdoc/>
    public ValueTask CompleteErasureAsync(string userId, CancellationToken cancellationToken)
        => new SqliteErasure(Open, _time).CompleteAsync(userId, cancellationToken);

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<string>> ReadErasuresAsync(CancellationToken cancellationToken)
        => new SqliteErasure(Open, _time).ReadAsync(cancellationToken);

    /// <inheritdoc/>
    public ValueTask<bool> KnowsUserAsync(string userId, CancellationToken cancellationToken)
        => Open.Readers.ReadAsync(new FailureScope("find-user"), store => store.KnowsUser(userId), cancellationToken);

    /// <summary>Looks after the files, and after a transaction that waits for the disk. Called by one loop.</summary>
    internal void Look()
    {
        Files.Look();
        Open.Writer.Look();
    }

    /// <inheritdoc/>
    public ValueTask<(long Users, StreamAccount Account)> ReadTenantAsync(
        string tenantId, IReadOnlySet<string> except, CancellationToken cancellationToken)
        => Open.Readers.ReadAsync(new FailureScope("read-tenant"), store => store.ReadTenant(tenantId, except), cancellationToken);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_open is { } log && !_isDisposed)
        {
            _isDisposed = true;
            await log.DisposeAsync();
            _expiry.Dispose();
        }
    }

    private async Task<SqliteFile> HoldAsync(CancellationToken cancellationToken) => HandOver is null
        ? TryHold() ?? throw NotHeld("another process holds it; end that process, or set Netra:DataDirectory to another folder")
        : await HandOver.TakeAsync(TryHold, NotHeld, cancellationToken);

    private SqliteFile? TryHold() => SqliteFile.TryHold(_data.DataDirectory, _options);

    private SendFailureException NotHeld(string reason)
        => SendFailureException.LogNotOpened(SqliteFile.PathIn(_data.DataDirectory), reason);

    internal static SqliteLease Granted(StreamLease lease)
        => lease as SqliteLease
            ?? throw new ArgumentException($"The lease of {UserKey.Show(lease.UserId)} was granted by another log.", nameof(lease));

    private static InvalidOperationException Superseded(SqliteLease lease)
        => new($"Lease {lease.FencingToken} of the stream of {UserKey.Show(lease.UserId)} is over: it was released, or a newer one "
            + "supersedes it.");

    private static partial class Log
    {
        [LoggerMessage(
            EventIds.LogOpened,
            LogLevel.Information,
            "The log {Path} is open: epoch {Epoch}, {Streams} streams, {Bytes} bytes; {Recovered} events were "
            + "not counted yet when the last process ended",
            EventName = nameof(EventIds.LogOpened))]
        public static partial void Opened(ILogger logger, string path, string epoch, long streams, long bytes, long recovered);
    }
}

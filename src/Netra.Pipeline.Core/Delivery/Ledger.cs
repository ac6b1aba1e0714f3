using System.Diagnostics.Metrics;
using Netra.Pipeline.Diagnostics;
using Netra.Pipeline.Failures;
using Netra.Pipeline.Storage;
using Netra.Pipeline.Streams;
using Netra.Pipeline.Tenants;

namespace Netra.Pipeline.Delivery;

/// <summary>
/// The accounts of the whole pipeline: for every event an outcome. Each stream's account is taken under its lock, so they are right
/// together; streams that come and go between two of them shift the totals by whole accounts, and leave what is unaccounted as it is. The
/// system's own users are left out. Safe from any thread.
/// </summary>
public sealed class Ledger
{
    private readonly StreamRegistry _streams;
    private readonly IEventLog _log;
    private readonly FailureReporter _failures;
    private readonly TimeProvider _time;
    private LedgerReport? _latest;
    private long _reported;

    internal Ledger(StreamRegistry streams, IEventLog log, FailureReporter failures, IMeterFactory meters, TimeProvider time)
    {
        (_streams, _log, _failures, _time) = (streams, log, failures, time);
        var meter = meters.Create(PipelineMeter.Name);
        meter.CreateObservableGauge(
            "netra.ledger.unaccounted",
            () => Volatile.Read(ref _latest)?.Account.Unaccounted ?? 0,
            "{event}",
            "Events without an accounted outcome; the target is 0.");
        meter.CreateObservableGauge("netra.ledger.events", Observe, "{event}", "Events by outcome (netra.outcome).");
    }

    /// <summary>What the last check found; null before the first.</summary>
    internal LedgerReport? Latest => Volatile.Read(ref _latest);

    /// <summary>Takes the accounts of all streams now.</summary>
    public LedgerReport Read()
    {
        var account = _log.Resting;
        var (offline, owed, loaded) = (account.Pending, 0L, 0L);
        foreach (var stream in _streams.Loaded.Where(static stream => !stream.IsSystem))
        {
            var snapshot = stream.Snapshot();
            account += snapshot.Account;
            offline += snapshot.IsOnline ? 0 : snapshot.Account.Pending;
            owed += snapshot.Owed;
            loaded++;
        }

        return new LedgerReport(_log.Epoch, _time.GetUtcNow(), account, offline, _log.StreamCount, loaded) { Owed = owed };
    }

    /// <summary>Takes the account of one user; null when there is none of that name.</summary>
    /// <param name="userId">The user.</param>
    /// <param name="cancellationToken">Cancels loading the user's stream.</param>
    public async ValueTask<LedgerReport?> ReadAsync(string userId, CancellationToken cancellationToken = default)
    {
        if (!await _log.KnowsUserAsync(userId, cancellationToken))
        {
            return null;
        }

        var stream = await _streams.PinAsync(userId, cancellationToken);
        var snapshot = stream.Snapshot();
        stream.Pins.Remove();
        return new LedgerReport(
            _log.Epoch,
            _time.GetUtcNow(),
            snapshot.Account,
            snapshot.IsOnline ? 0 : snapshot.Account.Pending,
            Streams: 1,
            LoadedStreams: 1);
    }

    /// <summary>
    /// Takes the accounts of a tenant's users, those that are not loaded from the log. What users had who were erased is in the account of
    /// the whole alone.
    /// </summary>
    /// <param name="tenantId">The tenant; empty for the users without one.</param>
    /// <param name="cancellationToken">Cancels waiting for the log.</param>
    public async ValueTask<LedgerReport> ReadTenantAsync(string tenantId, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(tenantId);
        var (loaded, total, offline) = (new HashSet<string>(StringComparer.Ordinal), default(StreamAccount), 0L);
        foreach (var stream in _streams.Loaded.Where(stream => !stream.IsSystem && UserKey.TenantOf(stream.UserId) == tenantId))
        {
            var snapshot = stream.Snapshot();
            loaded.Add(stream.UserId);
            total += snapshot.Account;
            offline += snapshot.IsOnline ? 0 : snapshot.Account.Pending;
        }

        var (users, account) = await _log.ReadTenantAsync(tenantId, loaded, cancellationToken);
        return new LedgerReport(
            _log.Epoch, _time.GetUtcNow(), total + account, offline + account.Pending, users + loaded.Count, loaded.Count);
    }

    /// <summary>Takes the accounts, and raises the alarm when they do not add up. Called by a loop of its own.</summary>
    internal void Check()
    {
        var report = Read();
        Volatile.Write(ref _latest, report);
        var unaccounted = report.Account.Unaccounted;
        if (unaccounted != 0 && unaccounted != _reported)
        {
            _failures.Report(new Failure(
                FailureCode.LedgerUnaccounted,
                "ledger",
                $"{unaccounted} events have no accounted outcome: {report.Account}. GET /v1/ledger?user_id= finds whose they are.")
            {
                Numbers = new Dictionary<string, long>(StringComparer.Ordinal) { ["unaccounted"] = unaccounted },
            });
        }

        _reported = unaccounted;
    }

    private IEnumerable<Measurement<long>> Observe()
    {
        if (Volatile.Read(ref _latest)?.Account is not { } account)
        {
            yield break;
        }

        yield return Outcome("accepted", account.Accepted);
        yield return Outcome("acknowledged", account.Acknowledged);
        yield return Outcome("pending", account.Pending);
        yield return Outcome("expired", account.Expired);
        yield return Outcome("dead_lettered", account.DeadLettered);
        yield return Outcome("erased", account.Erased);
    }

    private static Measurement<long> Outcome(string name, long events)
        => new(events, new KeyValuePair<string, object?>("netra.outcome", name));
}

/// <summary>What became of every event, at a moment.</summary>
/// <param name="Epoch">The history it speaks of.</param>
/// <param name="At">The moment.</param>
/// <param name="Account">The account.</param>
/// <param name="PendingOffline">The part of the pending ones whose users are not connected.</param>
/// <param name="Streams">How many streams there are; 1 for a user's own report.</param>
/// <param name="LoadedStreams">How many of them are loaded.</param>
public sealed record LedgerReport(
    string Epoch, DateTimeOffset At, StreamAccount Account, long PendingOffline, long Streams, long LoadedStreams)
{
    /// <summary>How many events pages that are there have been sent and not acknowledged.</summary>
    internal long Owed { get; init; }
}

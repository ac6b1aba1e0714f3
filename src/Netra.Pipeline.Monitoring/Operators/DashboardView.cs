using Microsoft.Extensions.Options;
using Netra.Pipeline.Connections;
using Netra.Pipeline.Contexts;
using Netra.Pipeline.Delivery;
using Netra.Pipeline.Failures;
using Netra.Pipeline.Monitoring.Flow;
using Netra.Pipeline.Monitoring.Health;
using Netra.Pipeline.Monitoring.Metrics;
using Netra.Pipeline.Monitoring.Trends;
using Netra.Pipeline.Runs;
using Netra.Pipeline.Streams;
using Netra.Pipeline.Tenants;

namespace Netra.Pipeline.Monitoring.Operators;

/// <summary>
/// Makes what each dashboard shows (docs/protocol.md, section 11.4). Its lists are bounded, however much there is. Safe from any thread.
/// </summary>
internal sealed class DashboardView(
    HealthView health,
    SystemView system,
    AlertSink alerts,
    FailureFeed feed,
    FailureCounts failures,
    UserMetricsTable metrics,
    UserMetricsView users,
    ConnectionRegistry connections,
    RunRegistry runs,
    BufferBudget buffers,
    Ledger ledger,
    LatencyBaseline baseline,
    Capacity capacity,
    TrendRings trends,
    IOptions<MonitoringOptions> options)
{
    private const int LatestFailures = 50;
    private const int ShownUsers = 20;
    private const int ShownRuns = 50;
    private const int ShownConsumers = 20;

    /// <summary>Makes one dashboard.</summary>
    /// <param name="subject">Which one, and of whom.</param>
    /// <param name="hasTrend">Whether the points of the last hour are in it; otherwise only the latest one is.</param>
    public DashboardDocument Read(DashboardSubject subject, bool hasTrend) => subject.Dashboard switch
    {
        Dashboard.Executive => new(Executive(hasTrend), MonitoringJson.Default.ExecutiveDashboard),
        Dashboard.Operations => new(Operations(hasTrend), MonitoringJson.Default.OperationsDashboard),
        Dashboard.UserDiagnostics => new(Users(subject), MonitoringJson.Default.UsersDashboard),
        Dashboard.Performance => new(Performance(hasTrend), MonitoringJson.Default.PerformanceDashboard),
        Dashboard.Alerts => new(Alerts(), MonitoringJson.Default.AlertsDashboard),
        _ => throw new ArgumentOutOfRangeException(nameof(subject), subject.Dashboard, "not a defined dashboard"),
    };

    private ExecutiveDashboard Executive(bool hasTrend)
    {
        var all = metrics.All();
        return new ExecutiveDashboard(health.ForEverybody())
        {
            DashboardId = Dashboards.NameOf(Dashboard.Executive),
            Alerts = alerts.ShowAlerts().Alerts,
            Users = metrics.Count,
            RunsEnded = all.Sum(static user => user.TerminalsDue),
            RunsEndedAcknowledged = all.Sum(static user => user.TerminalsAcknowledged),
            Ledger = LedgerDocument.Of(ledger.Latest ?? ledger.Read()),
            Capacity = capacity.Read(),
            MinSuccessRate = options.Value.MinSuccessRate,
            Latest = trends.Latest(TrendRange.Hour),
            Trend = Trend(hasTrend),
        };
    }

    private OperationsDashboard Operations(bool hasTrend) => new(system.Read())
    {
        DashboardId = Dashboards.NameOf(Dashboard.Operations),
        Alerts = alerts.ShowAlerts().Alerts,
        Queue = Queue(),
        LiveRuns = LiveRuns(),
        SlowestConsumers = SlowestConsumers(),
        FailuresByCode = FailuresByCode(),
        SilentFailureFeed = Latest(static failure => SilentFailureKinds.Of(failure.Code) is not null),
        Failures = Latest(static _ => true),
        Latest = trends.Latest(TrendRange.Hour),
        Trend = Trend(hasTrend),
    };

    private PerformanceDashboard Performance(bool hasTrend) => new(system.Read())
    {
        DashboardId = Dashboards.NameOf(Dashboard.Performance),
        Queue = Queue(),
        Capacity = capacity.Read(),
        LatencyDegradation = baseline.Degradation,
        Latest = trends.Latest(TrendRange.Hour),
        Trend = Trend(hasTrend),
    };

    private AlertsDashboard Alerts()
    {
        var (shown, settings) = (alerts.ShowAlerts(), alerts.ShowSettings());
        return new AlertsDashboard(health.ForOperators())
        {
            DashboardId = Dashboards.NameOf(Dashboard.Alerts),
            AlertingEnabled = alerts.IsEnabled,
            Alerts = shown.Alerts,
            Rules = settings?.Rules,
            EscalationPolicy = settings?.EscalationPolicy,
            Silences = settings?.Silences,
            Channels = shown.Channels,
        };
    }

    // The users with the most failures first: a diagnosis begins with them. Only those of whom the caller may read.
    private UsersDashboard Users(DashboardSubject subject) => new(health.ForOperators())
    {
        DashboardId = Dashboards.NameOf(Dashboard.UserDiagnostics),
        User = subject.UserKey is { } userKey && metrics.TryGet(userKey, out var user) ? users.ReadAll(user) : null,
        Users =
        [
            .. metrics.All().Where(user => subject.Users.Covers(user.UserKey))
                .OrderByDescending(static user => user.Failures).ThenByDescending(static user => user.Accepted).Take(ShownUsers)
                .Select(users.Read)
        ],
    };

    private IReadOnlyList<TrendPoint>? Trend(bool hasTrend) => hasTrend ? trends.Read(TrendRange.Hour) : null;

    private IReadOnlyList<FailureItem> Latest(Func<Failure, bool> isWanted)
        => [.. feed.Latest(feed.Capacity).Where(isWanted).Take(LatestFailures).Select(FailureItem.Of)];

    private IEnumerable<Connection> OfUsers() => connections.All.Where(
        static connection => !connection.IsEnded && !IdentifierRules.IsReserved(connection.UserKey));

    private QueueDocument Queue()
    {
        var (frames, limit, fullest, lagging) = (0L, 0L, 0.0, 0);
        foreach (var connection in OfUsers())
        {
            var queue = connection.Queue;
            frames += queue.Count;
            limit += queue.FrameLimit;
            fullest = Math.Max(fullest, ShareOf(queue));
            lagging += connection.Subscription.Mode == SubscriptionMode.Lagging ? 1 : 0;
        }

        return new QueueDocument(frames, limit, buffers.Used, buffers.Limit, fullest, lagging);
    }

    private IReadOnlyList<LiveRunItem> LiveRuns()
    {
        var now = runs.Now;
        return
        [
            .. runs.Lives().Where(static run => run is { HasBegun: true, HasEnded: false } && !IdentifierRules.IsReserved(run.Key.UserKey))
                .OrderByDescending(run => run.QuietAt(now))
                .Take(ShownRuns)
                .Select(run => new LiveRunItem(
                    UserKey.UserOf(run.Key.UserKey),
                    UserKey.TenantOrNull(run.Key.UserKey),
                    run.Key.ThreadId,
                    run.Key.RunId,
                    run.AgentName,
                    run.Attempt,
                    UserMetricsView.StateOf(run, now),
                    TimeSpan.FromTicks(run.QuietAt(now)).TotalSeconds))
        ];
    }

    // Those whose queue is fullest, and then those that owe the most: a connection that owes nothing is not behind.
    private IReadOnlyList<ConsumerItem> SlowestConsumers() =>
    [
        .. OfUsers().Select(static connection => (Connection: connection, Share: ShareOf(connection.Queue), Owed: OwedBy(connection)))
            .Where(static behind => behind.Share > 0 || behind.Owed > 0)
            .OrderByDescending(static behind => behind.Share)
            .ThenByDescending(static behind => behind.Owed)
            .Take(ShownConsumers)
            .Select(static behind => new ConsumerItem(
                UserKey.UserOf(behind.Connection.UserKey),
                UserKey.TenantOrNull(behind.Connection.UserKey),
                behind.Connection.Id,
                behind.Connection.Transport,
                UserMetricsView.StateOf(behind.Connection),
                behind.Connection.Queue.Count,
                behind.Connection.Queue.FrameLimit,
                behind.Connection.Queue.Bytes,
                behind.Connection.Queue.ByteLimit,
                behind.Owed,
                behind.Connection.Silence.TotalSeconds))
    ];

    private static double ShareOf(SendQueue queue)
        => Math.Max((double)queue.Count / queue.FrameLimit, (double)queue.Bytes / queue.ByteLimit);

    private static long OwedBy(Connection connection)
        => Math.Max(0, connection.Subscription.LastWritten - connection.Subscription.Acknowledged);

    private IReadOnlyList<FailureCodeItem> FailuresByCode() =>
    [
        .. Enum.GetValues<FailureCode>().Where(code => failures[code].Total > 0)
            .Select(code => new FailureCodeItem(
                FailureCodes.WireName(code), SilentFailureKinds.Of(code), failures[code].LastMinute, failures[code].Total))
            .OrderByDescending(static item => item.LastMinute)
            .ThenByDescending(static item => item.Total)
    ];
}

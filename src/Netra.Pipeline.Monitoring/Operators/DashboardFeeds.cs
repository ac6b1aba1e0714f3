using System.Diagnostics.CodeAnalysis;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;
using Netra.Pipeline.Access;
using Netra.Pipeline.Connections;
using Netra.Pipeline.Http;

namespace Netra.Pipeline.Monitoring.Operators;

/// <summary>
/// The feeds of dashboards that are open: bounded. What a dashboard shows is made once in a second at most, for all feeds of it that are
/// due then, and not at all while none is: a hundred open dashboards cost what one does, and the bytes to them.
/// </summary>
/// <remarks>
/// <see cref="OnTick"/> is called by a loop of its own; everything else is safe from any thread. The lock guards the set of feeds; nothing
/// is made under it.
/// </remarks>
internal sealed class DashboardFeeds(
    DashboardView view, ConnectionSlots slots, IOptions<MonitoringOptions> options, TimeProvider time)
{
    /// <summary>How often a feed has news at most, and by default, and at least; in seconds.</summary>
    public const int LeastSeconds = 1;

    /// <inheritdoc cref="LeastSeconds"/>
    public const int DefaultSeconds = 2;

    /// <inheritdoc cref="LeastSeconds"/>
    public const int MostSeconds = 60;

    private readonly Lock _gate = new();
    private readonly HashSet<DashboardFeed> _feeds = [];
    private long _seconds;
    private long _made;

    /// <summary>How many are open.</summary>
    public int Count => Open.Count;

    /// <summary>Those that are open.</summary>
    public IReadOnlyList<DashboardFeed> Open
    {
        get
        {
            lock (_gate)
            {
                return [.. _feeds];
            }
        }
    }

    /// <summary>How often a dashboard was made for feeds.</summary>
    public long Made => Interlocked.Read(ref _made);

    /// <summary>Opens a feed; the end of its answer closes it.</summary>
    /// <param name="subject">What it shows.</param>
    /// <param name="interval">How often it has news.</param>
    /// <param name="feed">The feed.</param>
    /// <returns>False when too many are open.</returns>
    public bool TryOpen(DashboardSubject subject, TimeSpan interval, [NotNullWhen(true)] out DashboardFeed? feed)
    {
        feed = null;
        lock (_gate)
        {
            if (_feeds.Count >= options.Value.MaxDashboardFeeds || !slots.TryHold())
            {
                return false;
            }

            feed = new DashboardFeed(this, subject, (int)interval.TotalSeconds, time);
            return _feeds.Add(feed);
        }
    }

    /// <summary>The answer to a request for one too many.</summary>
    public IResult Refusal() => new ProblemDocument(
        StatusCodes.Status503ServiceUnavailable,
        "too_many_connections",
        $"{Count} feeds of dashboards are open, of {options.Value.MaxDashboardFeeds} that may be (Netra:Monitoring:MaxDashboardFeeds), "
        + $"and {slots.Held} of {slots.HoldLimit} long-held connections (Netra:Connections:MaxConnections, ulimit -n).");

    /// <summary>Has the feeds that are due in this second told.</summary>
    public void OnTick()
    {
        _seconds++;
        ILookup<DashboardSubject, DashboardFeed> due;
        lock (_gate)
        {
            due = _feeds.Where(feed => feed.IsDue(_seconds)).ToLookup(static feed => feed.Subject);
        }

        List<Exception> problems = [];
        foreach (var feeds in due)
        {
            try
            {
                Tell(feeds.Key, feeds);
            }
            catch (Exception exception)
            {
                // The others are told all the same, and their loop tells of it.
                problems.Add(exception);
            }
        }

        if (problems.Count > 0)
        {
            throw new AggregateException("A dashboard could not be made; its feeds stay silent.", problems);
        }
    }

    internal void Close(DashboardFeed feed)
    {
        lock (_gate)
        {
            if (!_feeds.Remove(feed))
            {
                return;
            }
        }

        slots.Release();
    }

    private void Tell(DashboardSubject subject, IEnumerable<DashboardFeed> feeds)
    {
        var state = view.Read(subject, hasTrend: false).ToLine();
        Interlocked.Increment(ref _made);
        foreach (var feed in feeds)
        {
            feed.Tell(state);
        }
    }
}

/// <summary>What a dashboard is asked for.</summary>
/// <param name="Dashboard">The dashboard.</param>
/// <param name="UserKey">The user whose view is in it; null for none.</param>
/// <param name="Users">Of which users it may tell, where it tells of users one by one.</param>
internal readonly record struct DashboardSubject(Dashboard Dashboard, string? UserKey, UserPattern Users)
{
    /// <summary>What a caller is shown. Only one dashboard is of users; the others are the same for everybody.</summary>
    public static DashboardSubject Of(Dashboard dashboard, string? userKey, Caller caller)
        => dashboard == Dashboard.UserDiagnostics ? new(dashboard, userKey, caller.Users) : new(dashboard, null, UserPattern.All);
}

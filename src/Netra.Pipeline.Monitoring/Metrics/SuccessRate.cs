using Microsoft.Extensions.Options;
using Netra.Pipeline.Connections;
using Netra.Pipeline.Delivery;

namespace Netra.Pipeline.Monitoring.Metrics;

/// <summary>
/// The share of the events due in the last minute that was acknowledged. An event that a present user was sent is due, acknowledged or not,
/// once it is older than the grace: events under way have not failed, and events for an absent user are pending. Called by the tick alone,
/// once a second.
/// </summary>
internal sealed class SuccessRate
{
    private const int WindowSeconds = 60;

    // The tick that detects the silence, and the one that counts the page as absent.
    private const int Ticks = 2;

    // How long a page may be dead or frozen before that can be detected: the events that it owes meanwhile have not failed, but wait for it
    // to come back.
    private readonly int _graceSeconds;
    private readonly Queue<LedgerReport> _reports = new();

    public SuccessRate(IOptions<ConnectionOptions> options)
        => _graceSeconds = (int)Math.Ceiling((options.Value.PingInterval + options.Value.PingTimeout).TotalSeconds) + Ticks;

    /// <summary>The share, 0 to 1; 1 when nothing was due.</summary>
    public double Value { get; private set; } = 1;

    /// <summary>Events accepted in the last minute.</summary>
    public long Accepted { get; private set; }

    /// <summary>Events acknowledged in the last minute.</summary>
    public long Acknowledged { get; private set; }

    public void OnTick(LedgerReport now)
    {
        _reports.Enqueue(now);
        while (_reports.Count > Math.Max(WindowSeconds, _graceSeconds) + 1)
        {
            _reports.Dequeue();
        }

        var first = Ago(WindowSeconds);
        Accepted = now.Account.Accepted - first.Account.Accepted;
        Acknowledged = Math.Max(0, now.Account.Acknowledged - first.Account.Acknowledged);

        // Right after the start no event is known to be older than the grace.
        var overdue = _reports.Count <= _graceSeconds
            ? 0
            : Math.Max(0, now.Owed - (now.Account.Accepted - Ago(_graceSeconds).Account.Accepted));
        var failed = overdue + Math.Max(0, now.Account.DeadLettered - first.Account.DeadLettered);
        Value = failed == 0 ? 1 : (double)Acknowledged / (Acknowledged + failed);
    }

    // The report of that many seconds ago; the oldest one, if that is younger.
    private LedgerReport Ago(int seconds) => _reports.ElementAt(Math.Max(0, _reports.Count - 1 - seconds));
}

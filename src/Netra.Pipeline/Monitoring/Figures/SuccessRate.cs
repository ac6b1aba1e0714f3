using Netra.Pipeline.Delivery;

namespace Netra.Pipeline.Monitoring.Figures;

/// <summary>
/// Of the events that were due in the last minute, the share that was acknowledged. Due is what users who are there were sent, acknowledged or not, once it is older than the grace: what is under way has not failed, and what
/// waits for an absent user is pending. Called by the tick alone, once a second.
/// </summary>
internal sealed class SuccessRate
{
    // Above the pause after which clients acknowledge, and most of the time that it takes to notice a dead connection.
    private const int GraceSeconds = 15;
    private const int WindowSeconds = 60;

    private readonly Queue<LedgerReport> _reports = new();

    /// <summary>The share, 0 to 1; 1 when nothing was due.</summary>
    public double Value { get; private set; } = 1;

    /// <summary>Events accepted in the last minute.</summary>
    public long Accepted { get; private set; }

    /// <summary>Events acknowledged in the last minute.</summary>
    public long Acknowledged { get; private set; }

    public void OnTick(LedgerReport now)
    {
        _reports.Enqueue(now);
        while (_reports.Count > WindowSeconds + 1)
        {
            _reports.Dequeue();
        }

        var first = _reports.Peek();
        var atGrace = _reports.ElementAt(Math.Max(0, _reports.Count - 1 - GraceSeconds));
        Accepted = now.Account.Accepted - first.Account.Accepted;
        Acknowledged = Math.Max(0, now.Account.Acknowledged - first.Account.Acknowledged);

        // Right after the start nothing is older than the grace, as far as anybody has seen.
        var overdue = _reports.Count <= GraceSeconds ? 0 : Math.Max(0, now.Owed - (now.Account.Accepted - atGrace.Account.Accepted));
        var failed = overdue + Math.Max(0, now.Account.DeadLettered - first.Account.DeadLettered);
        Value = failed == 0 ? 1 : (double)Acknowledged / (Acknowledged + failed);
    }
}

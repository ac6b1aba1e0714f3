namespace Netra.Pipeline.Client;

/// <summary>
/// Counts the handled events of every run until it is over, and compares with what its terminal event says (docs/protocol.md, section 4.4).
/// Every number between was handled, or was told to be lost, so there is nothing to ask the server for: it is reported. Used by the
/// one task that reads.
/// </summary>
internal sealed class Completeness
{
    /// <summary>At the limit the oldest run is no longer counted, and not judged when it ends.</summary>
    public const int MaxCountedRuns = 1024;

    private readonly Dictionary<(string Thread, string Run), Tally> _tallies = [];
    private readonly Queue<(string Thread, string Run)> _order = [];
    private long _floor;

    /// <summary>Another history begins, after a number.</summary>
    public void Reset(long position)
    {
        _tallies.Clear();
        _order.Clear();
        _floor = position;
    }

    /// <summary>Numbers will not come, whichever runs they were of.</summary>
    public void Lost(long to) => _floor = Math.Max(_floor, to);

    /// <summary>The application has handled an event.</summary>
    /// <returns>How many events are missing, where it ends a run of which some are; else 0.</returns>
    public long Handled(AgentEvent handled)
    {
        if (handled.RunId.Length == 0 || handled.Message.ReplayOf is not null)
        {
            return 0;
        }

        var key = (handled.ThreadId, handled.RunId);
        if (!_tallies.TryGetValue(key, out var tally))
        {
            tally = Begin(key, handled);
        }

        if (handled.Attempt < tally.Attempt)
        {
            return 0;
        }

        if (handled.Attempt > tally.Attempt)
        {
            (tally.Attempt, tally.Events) = (handled.Attempt, 0);
        }

        tally.Events += handled.Seq - handled.FirstSeq + 1;
        if (handled.Message.Run is not { } run)
        {
            return 0;
        }

        _tallies.Remove(key);
        return run.FirstSeq <= _floor ? 0 : Math.Max(0, run.Events - tally.Events);
    }

    private Tally Begin((string Thread, string Run) key, AgentEvent first)
    {
        var tally = new Tally { Attempt = first.Attempt, First = first.FirstSeq };
        _tallies.Add(key, tally);
        _order.Enqueue(key);
        while (_order.Count > MaxCountedRuns)
        {
            if (_tallies.Remove(_order.Dequeue(), out var oldest))
            {
                _floor = Math.Max(_floor, oldest.First);
            }
        }

        return tally;
    }

    private sealed class Tally
    {
        public int Attempt { get; set; }

        public long First { get; init; }

        public long Events { get; set; }
    }
}

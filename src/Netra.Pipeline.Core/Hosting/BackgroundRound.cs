using Netra.Pipeline.Diagnostics;

namespace Netra.Pipeline.Hosting;

/// <summary>
/// The state of one background loop: whether a round is under way, for how long, and whether that is too long. The loop begins and ends its
/// rounds; any thread may read.
/// </summary>
/// <param name="loop">The loop's name.</param>
/// <param name="patience">How long a round may take.</param>
/// <param name="waitsForLog">Whether its rounds wait for the log.</param>
/// <param name="time">The clock.</param>
internal sealed class BackgroundRound(string loop, TimeSpan patience, bool waitsForLog, ServedTime time)
{
    private const int Well = 0;
    private const int Late = 1;
    private const int Ended = 2;

    // When the clock leaps, every round looks old at once. So a round is late only after this many checks; there is at least one a second.
    private readonly int _minLooks = (int)patience.TotalSeconds;

    private long _begunAt;
    private long _rounds;
    private int _looks;
    private int _state;

    public string Loop => loop;

    public TimeSpan Patience => patience;

    public bool WaitsForLog => waitsForLog;

    /// <summary>How many rounds have completed.</summary>
    public long Rounds => Volatile.Read(ref _rounds);

    /// <summary>Whether a round is under way.</summary>
    public bool IsUnderWay => Volatile.Read(ref _begunAt) != 0;

    /// <summary>Whether the loop does no more work: a round hangs, or the loop has ended.</summary>
    public bool IsStuck => Volatile.Read(ref _state) != Well;

    public void Begin()
    {
        Volatile.Write(ref _looks, 0);
        Volatile.Write(ref _begunAt, Math.Max(1, time.GetTimestamp()));
    }

    public void End()
    {
        Volatile.Write(ref _begunAt, 0);
        Volatile.Write(ref _state, Well);
        Interlocked.Increment(ref _rounds);
    }

    /// <summary>The loop itself has ended, and no round will come.</summary>
    public void OnLoopEnded() => Volatile.Write(ref _state, Ended);

    /// <summary>Checks whether the round is late. It becomes so once.</summary>
    /// <param name="isLogInTrouble">
    /// Whether the log stores nothing at the moment: then the log is slow, and reports that itself; a round that waits for it is timed from
    /// the end of that.
    /// </param>
    public bool BecomesLate(bool isLogInTrouble)
    {
        var begunAt = Volatile.Read(ref _begunAt);
        if (begunAt == 0)
        {
            return false;
        }

        if (isLogInTrouble && waitsForLog)
        {
            Interlocked.CompareExchange(ref _begunAt, Math.Max(1, time.GetTimestamp()), begunAt);
            return false;
        }

        return Interlocked.Increment(ref _looks) >= _minLooks
            && time.GetElapsedTime(begunAt) >= patience
            && Interlocked.CompareExchange(ref _state, Late, Well) == Well;
    }
}

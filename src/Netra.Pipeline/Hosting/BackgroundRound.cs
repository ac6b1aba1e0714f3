namespace Netra.Pipeline.Hosting;

/// <summary>
/// How one background loop is doing: whether a round of it is under way, for how long, and whether that is too long. Begun and ended by its loop; looked at from any thread.
/// </summary>
/// <param name="loop">The loop's name.</param>
/// <param name="patience">How long a round may take.</param>
/// <param name="time">The clock.</param>
internal sealed class BackgroundRound(string loop, TimeSpan patience, TimeProvider time)
{
    private const int Well = 0;
    private const int Late = 1;
    private const int Ended = 2;

    // A machine that was suspended, or a clock that leaps, makes every round old at once, but nobody has looked meanwhile.
    private const int MinLooks = 10;

    private long _begunAt;
    private int _looks;
    private int _state;

    public string Loop => loop;

    public TimeSpan Patience => patience;

    /// <summary>Whether a round is under way.</summary>
    public bool IsUnderWay => Volatile.Read(ref _begunAt) != 0;

    /// <summary>Whether nothing comes of the loop any more: a round hangs, or the loop has ended.</summary>
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
    }

    /// <summary>The loop itself has ended, and no round will come.</summary>
    public void OnLoopEnded() => Volatile.Write(ref _state, Ended);

    /// <summary>Looks whether the round is late. It becomes so once.</summary>
    public bool BecomesLate()
        => Volatile.Read(ref _begunAt) is not 0 and var begunAt
            && Interlocked.Increment(ref _looks) >= MinLooks
            && time.GetElapsedTime(begunAt) >= patience
            && Interlocked.CompareExchange(ref _state, Late, Well) == Well;
}

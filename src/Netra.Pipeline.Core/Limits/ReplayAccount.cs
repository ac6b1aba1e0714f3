namespace Netra.Pipeline.Limits;

/// <summary>
/// What one user reads of the past, on all devices and over HTTP. Guarded by the lock of the user's stream, but for what is in flight.
/// </summary>
/// <param name="budget">What all users share.</param>
internal sealed class ReplayAccount(ReplayBudget budget)
{
    // A rest is not worth its timer below this, and above it the connection looks again.
    private static readonly TimeSpan ShortestRest = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan LongestRest = TimeSpan.FromSeconds(1);

    private long _paid;
    private long _freePaid;
    private long _inFlight;

    /// <summary>Whether no page may be larger than it must.</summary>
    public bool IsTight => budget.IsTight(Interlocked.Read(ref _inFlight));

    /// <summary>Counts what was read.</summary>
    /// <returns>How long whoever read it is to rest; zero where it may go on.</returns>
    public TimeSpan Spend(long bytes)
    {
        var now = budget.Now();
        var own = budget.User.Spend(ref _paid, now, bytes);
        var total = budget.Spend(bytes, now);
        total = Math.Min(total, budget.SpendFree(ref _freePaid, bytes, now));
        if (own == 0 && total == 0)
        {
            return TimeSpan.Zero;
        }

        var rest = budget.Rest(isTotal: total > own, Math.Max(own, total));
        return rest < ShortestRest ? ShortestRest : rest > LongestRest ? LongestRest : rest;
    }

    /// <summary>A page was read, and is held until it is written; or it has left.</summary>
    public void Hold(long bytes)
    {
        Interlocked.Add(ref _inFlight, bytes);
        budget.Hold(bytes);
    }
}

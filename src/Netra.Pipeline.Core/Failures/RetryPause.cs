namespace Netra.Pipeline.Failures;

/// <summary>
/// Pauses that grow: each twice as long as the one before, up to a limit, give or take a fifth, so that what failed
/// together is not tried again together. Pure.
/// </summary>
internal static class RetryPause
{
    private const double Spread = 0.2;

    /// <summary>The pause after a try.</summary>
    /// <param name="first">The first pause, before it is spread.</param>
    /// <param name="longest">The longest one.</param>
    /// <param name="doublings">How often it has doubled, from 0.</param>
    /// <param name="random">From 0 to 1.</param>
    public static TimeSpan After(TimeSpan first, TimeSpan longest, int doublings, double random)
    {
        var whole = Math.Min(longest.TotalSeconds, first.TotalSeconds * Math.Pow(2, doublings));
        return TimeSpan.FromSeconds(Math.Min(longest.TotalSeconds, whole * (1 - Spread + (2 * Spread * random))));
    }
}

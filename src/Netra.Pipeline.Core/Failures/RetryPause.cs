namespace Netra.Pipeline.Failures;

/// <summary>
/// How long to wait before something is tried again: what the other side asks for, or pauses that grow, each twice as long as the one
/// before, up to a limit, give or take a fifth, so that what failed together is not tried again together. Pure.
/// </summary>
internal static class RetryPause
{
    private const double Spread = 0.2;

    // Nobody is left alone for longer than this, whatever it asks for.
    private static readonly TimeSpan LongestAsked = TimeSpan.FromDays(1);

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

    /// <summary>
    /// The pause that an answer asks for (<c>Retry-After</c>, RFC 9110, 10.2.3), in seconds or as a date; at most a day. Null when it
    /// asks for none, or for one that is over.
    /// </summary>
    public static TimeSpan? AskedBy(HttpResponseMessage response, TimeProvider time)
    {
        var header = response.Headers.RetryAfter;
        var asked = header?.Delta ?? (header?.Date is { } date ? date - time.GetUtcNow() : null);
        return asked is not { } pause || pause <= TimeSpan.Zero ? null : pause < LongestAsked ? pause : LongestAsked;
    }
}

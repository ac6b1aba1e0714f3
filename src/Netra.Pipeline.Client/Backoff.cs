namespace Netra.Pipeline.Client;

/// <summary>
/// Full jitter: a pause is anything between nothing and a bound that doubles with every try, so that a crowd that was cut off together does
/// not
/// come back together. Pure.
/// </summary>
internal static class Backoff
{
    /// <summary>A pause.</summary>
    /// <param name="first">The first bound.</param>
    /// <param name="longest">The last one.</param>
    /// <param name="tries">How many tries have failed before, from 0.</param>
    /// <param name="random">From 0 to 1.</param>
    public static TimeSpan After(TimeSpan first, TimeSpan longest, int tries, double random)
        => TimeSpan.FromSeconds(random * Math.Min(longest.TotalSeconds, first.TotalSeconds * Math.Pow(2, Math.Min(tries, 40))));

    /// <summary>A pause that is no shorter than what the other side has asked for, and no longer than that and a pause.</summary>
    /// <param name="asked">What was asked for; null for nothing.</param>
    /// <param name="pause">The pause by itself.</param>
    public static TimeSpan NoSoonerThan(TimeSpan? asked, TimeSpan pause)
    {
        // Nobody is left alone for longer than this, whatever it asks for.
        var longest = TimeSpan.FromHours(1);
        return asked is not { } least ? pause : (least < longest ? least : longest) + pause;
    }
}

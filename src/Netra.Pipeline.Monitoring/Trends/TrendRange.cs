namespace Netra.Pipeline.Monitoring.Trends;

/// <summary>How far a trend goes back. The numbers of the stored ones are in files, so they stay.</summary>
internal enum TrendRange
{
    /// <summary>The last hour, in steps of 10 s. Not stored.</summary>
    Hour = 0,

    /// <summary>The last 24 hours, in minutes.</summary>
    Day = 1,

    /// <summary>The last 31 days, in hours.</summary>
    Month = 2,

    /// <summary>The last two years, in days.</summary>
    Years = 3,
}

/// <summary>The names of ranges (docs/protocol.md, section 11), and their sizes. Pure functions.</summary>
internal static class TrendRanges
{
    private const int Minute = 60;
    private const int Hour = 60 * Minute;
    private const int Day = 24 * Hour;

    public static string NameOf(TrendRange range) => range switch
    {
        TrendRange.Hour => "hour",
        TrendRange.Day => "day",
        TrendRange.Month => "month",
        TrendRange.Years => "years",
        _ => throw Unmapped(range),
    };

    /// <summary>Whether it outlives the process.</summary>
    public static bool IsStored(TrendRange range) => range != TrendRange.Hour;

    /// <summary>An empty ring for a range.</summary>
    public static TrendRing MakeRing(TrendRange range) => range switch
    {
        TrendRange.Hour => new TrendRing(10, Hour / 10),
        TrendRange.Day => new TrendRing(Minute, Day / Minute),
        TrendRange.Month => new TrendRing(Hour, 31 * 24),
        TrendRange.Years => new TrendRing(Day, 731),
        _ => throw Unmapped(range),
    };

    private static ArgumentOutOfRangeException Unmapped(TrendRange range) => new(nameof(range), range, "not a defined value");
}

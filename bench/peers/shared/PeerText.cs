namespace Netra.Pipeline.Peers;

/// <summary>The text of an event: 80 characters that end with when it was emitted.</summary>
internal static class PeerText
{
    private const int Length = 80;
    private const string Filler = "The quick brown fox jumps over the lazy dog. The quick brown fox jumps over the lazy dog. ";

    /// <summary>The text of an event that is emitted now, in ns of CLOCK_MONOTONIC, which is what timestamps are on Linux.</summary>
    public static string Next()
    {
        var stamp = $" ts={TimeProvider.System.GetTimestamp()}";
        return string.Concat(Filler.AsSpan(0, Length - stamp.Length), stamp);
    }
}

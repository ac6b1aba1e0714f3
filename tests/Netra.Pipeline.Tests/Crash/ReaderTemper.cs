namespace Netra.Pipeline.Tests.Crash;

/// <summary>How a reader behaves between connecting and being cut off.</summary>
internal enum ReaderTemper
{
    /// <summary>Stays, and acknowledges as the server asks.</summary>
    Steady,

    /// <summary>Goes away at random moments, mostly without a word, and comes back soon.</summary>
    Dropping,

    /// <summary>Reads in fits and starts, and acknowledges only with its pongs and when it leaves.</summary>
    Lagging,

    /// <summary>Stays away for whole lives of the server.</summary>
    Absent,

    /// <summary>Stops reading, with hardly any room on its side, for longer than a server can wait.</summary>
    Stalling,
}

namespace Netra.Pipeline.Publishing;

/// <summary>What <see cref="LineSplitter"/> found.</summary>
internal enum LineState
{
    /// <summary>No whole line is there yet.</summary>
    None,

    /// <summary>A line.</summary>
    Complete,

    /// <summary>A line above the limit; the rest of it will be passed over.</summary>
    TooLong,
}

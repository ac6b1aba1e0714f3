namespace Netra.Pipeline.Runs;

/// <summary>What a quiet run calls for.</summary>
internal enum RunVerdict
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>It is to be called stalled.</summary>
    Stall,

    /// <summary>It is to be ended.</summary>
    End,
}

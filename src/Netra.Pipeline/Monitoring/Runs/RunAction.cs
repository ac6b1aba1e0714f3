namespace Netra.Pipeline.Monitoring.Runs;

/// <summary>What a quiet run calls for.</summary>
internal enum RunAction
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>It is to be called stalled.</summary>
    Stall,

    /// <summary>It is to be ended.</summary>
    End,
}

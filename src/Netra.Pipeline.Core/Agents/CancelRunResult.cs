namespace Netra.Pipeline.Agents;

/// <summary>What came of asking for a run's cancellation.</summary>
public enum CancelRunResult
{
    /// <summary>The run has been told to stop, and will not end as completed.</summary>
    Requested,

    /// <summary>The user has no open run of that thread and id: it is ending or has ended, never was, or is another user's.</summary>
    Unknown,
}

namespace Netra.Pipeline.Runs;

/// <summary>What runs are measured by.</summary>
/// <param name="AreWatched">Whether quiet runs are called stalled, and ended.</param>
/// <param name="Lease">For how long a run without a lease of its own may say nothing.</param>
/// <param name="MaxSilence">For how long a run may say nothing before it is ended.</param>
/// <param name="BrokenRequestLease">For how long a run may say nothing once the request that fed it has broken off.</param>
/// <param name="StuckToolAfter">For how long a tool may run.</param>
/// <param name="MaxWatched">How many open runs are watched.</param>
internal sealed record RunLimits(
    bool AreWatched, TimeSpan Lease, TimeSpan MaxSilence, TimeSpan BrokenRequestLease, TimeSpan StuckToolAfter, int MaxWatched)
{
    /// <summary>For how long what a run has asked is kept, and so can be answered. Default: 7 days.</summary>
    public TimeSpan QuestionsKept { get; init; } = TimeSpan.FromDays(7);

    /// <summary>What holds where monitoring, which has the options, is not there.</summary>
    public static RunLimits Default { get; } = new(
        AreWatched: true, TimeSpan.FromMinutes(1), TimeSpan.FromMinutes(15), TimeSpan.FromSeconds(10), TimeSpan.FromMinutes(5), 100_000);
}

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

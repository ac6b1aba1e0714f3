namespace Netra.Pipeline.Monitoring.Trends;

/// <summary>What is measured every second and kept for trends. Files know measures by their names, never by their numbers.</summary>
internal enum TrendMeasure
{
    /// <summary>Events that were accepted.</summary>
    Accepted,

    /// <summary>Events that were acknowledged for the first time.</summary>
    Acknowledged,

    /// <summary>Events that were handed to a transport, once for each connection.</summary>
    Delivered,

    /// <summary>Failures of all codes.</summary>
    Failures,

    /// <summary>Silent failures of all kinds.</summary>
    SilentFailures,

    /// <summary>Times that a connection fell behind.</summary>
    SlowConsumers,

    /// <summary>Events that expired unacknowledged.</summary>
    Expired,

    /// <summary>Events that became dead letters.</summary>
    DeadLettered,

    /// <summary>The success rate of the last minute; the lowest is kept beside the mean.</summary>
    SuccessRate,

    /// <summary>Open connections of users.</summary>
    Connections,

    /// <summary>Users with a connection.</summary>
    Users,

    /// <summary>Open runs.</summary>
    OpenRuns,

    /// <summary>Runs that wait for answers.</summary>
    WaitingRuns,

    /// <summary>Questions that nobody has answered in time.</summary>
    OverdueAnswers,

    /// <summary>Events without an acknowledgement.</summary>
    Pending,

    /// <summary>Events that wait in the queues of connections.</summary>
    QueuedFrames,

    /// <summary>Bytes that wait for pages.</summary>
    BufferBytes,

    /// <summary>Resident memory.</summary>
    MemoryBytes,

    /// <summary>Processor time, in cores.</summary>
    CpuCores,
}

/// <summary>What trends say of each measure, and what it is called. Pure functions.</summary>
internal static class TrendMeasures
{
    public static readonly IReadOnlyList<TrendMeasure> All = Enum.GetValues<TrendMeasure>();

    private static readonly string[] Names =
    [
        "accepted", "acknowledged", "delivered", "failures", "silent_failures", "slow_consumers", "expired", "dead_lettered",
        "success_rate", "connections", "users", "open_runs", "waiting_runs", "overdue_answers", "pending", "queued_frames",
        "buffer_bytes", "memory_bytes", "cpu_cores",
    ];

    private static readonly string[] Worsts =
        [.. All.Select(static measure => $"{Names[(int)measure]}{(measure == TrendMeasure.SuccessRate ? "_min" : "_max")}")];

    /// <summary>Its name on the wire.</summary>
    public static string NameOf(TrendMeasure measure) => Names[(int)measure];

    /// <summary>The name of the worst value of a gauge.</summary>
    public static string WorstNameOf(TrendMeasure measure) => Worsts[(int)measure];

    /// <summary>Whether it is a state, of which the mean and the worst are kept; otherwise it is a count, of which the sum is.</summary>
    public static bool IsGauge(TrendMeasure measure) => measure >= TrendMeasure.SuccessRate;

    /// <summary>The worse of two values.</summary>
    public static double WorseOf(TrendMeasure measure, double one, double other)
        => measure == TrendMeasure.SuccessRate ? Math.Min(one, other) : Math.Max(one, other);
}

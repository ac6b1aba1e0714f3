using Netra.Pipeline.Load.Measuring;

namespace Netra.Pipeline.Load.Reports;

/// <summary>How a run stands.</summary>
/// <param name="At">When, in nanoseconds of the monotonic clock.</param>
/// <param name="Elapsed">Since its beginning.</param>
/// <param name="Open">Conversations that are open.</param>
/// <param name="Published">Events that were published.</param>
/// <param name="Received">Events that have come.</param>
/// <param name="PublishedPerSecond">Since the last look.</param>
/// <param name="ReceivedPerSecond">Since the last look.</param>
/// <param name="Latency">Since the last look.</param>
/// <param name="ResidentBytes">Of the server's process; null when it is not measured.</param>
/// <param name="IsWrong">Whether something wrong was found.</param>
internal readonly record struct LoadSnapshot(
    long At,
    TimeSpan Elapsed,
    int Open,
    long Published,
    long Received,
    double PublishedPerSecond,
    double ReceivedPerSecond,
    LatencySummary Latency,
    double? ResidentBytes,
    bool IsWrong);

namespace Netra.Pipeline.Telemetry;

/// <summary>
/// Every log event id of the product, in one list, so that operators can filter by number. An id is never reused; a removed event leaves a
/// gap. Each area has a hundred of its own. A test proves that ids are unique.
/// </summary>
internal static class EventIds
{
    // 1000–1099 Failures

    /// <summary>A failure whose code has no prefix for operators' greps.</summary>
    public const int FailureReported = 1000;

    /// <summary>A failure whose line begins with the prefix of its code.</summary>
    public const int PrefixedFailureReported = 1001;

    /// <summary>A failure was reported, but one step of reporting it failed.</summary>
    public const int FailureReportingFailed = 1002;

    // 1100–1199 Connections
    public const int ConnectionEnded = 1100;
    public const int ConnectionFrozen = 1101;
    public const int ConnectionTickFailed = 1102;
    public const int ConnectionOpened = 1103;

    // 1200–1299 Streams and Log

    // 1300–1399 WebSockets

    // 1400–1499 Agents

    // 1500–1599 Hosting

    // 1600–1699 Http

    // 1700–1799 the standalone server (Netra.Pipeline.Server)
}

using Netra.Pipeline.Load.Checks;
using Netra.Pipeline.Load.Measuring;
using Netra.Pipeline.Load.Scenarios;

namespace Netra.Pipeline.Load.Reports;

/// <summary>What has become of a run.</summary>
/// <param name="Options">What it was asked to do.</param>
/// <param name="Findings">What was wrong.</param>
internal sealed record LoadResult(LoadOptions Options, Findings Findings)
{
    /// <summary>Until the last connection was open.</summary>
    public TimeSpan Connecting { get; init; }

    /// <summary>From the first event until the last one was answered.</summary>
    public TimeSpan Publishing { get; init; }

    /// <summary>From the first event until all have come.</summary>
    public TimeSpan Took { get; init; }

    public long Published { get; init; }

    public long Received { get; init; }

    /// <summary>Over the sockets, the headers of frames included.</summary>
    public long BytesRead { get; init; }

    /// <summary>How many receipts said what.</summary>
    public required IReadOnlyDictionary<string, long> Receipts { get; init; }

    /// <summary>How many connections ended how.</summary>
    public required IReadOnlyDictionary<string, long> Ends { get; init; }

    /// <summary>Events that came again, marked as redeliveries.</summary>
    public long Redelivered { get; init; }

    /// <summary>Failures that pages were shown.</summary>
    public long Errors { get; init; }

    /// <summary>Connections that were resumed.</summary>
    public long Resumed { get; init; }

    public long PublisherReconnects { get; init; }

    /// <summary>From when an event was due until a page had it.</summary>
    public required LatencySummary Latency { get; init; }

    /// <summary>From when an event was due by the server's pace until a page had it; empty where the server keeps none.</summary>
    public required LatencySummary Lateness { get; init; }

    /// <summary>The same, of the pages that the run itself disturbed.</summary>
    public required LatencySummary DisturbedLatency { get; init; }

    /// <summary>From when an event was sent until its receipt was there.</summary>
    public required LatencySummary ReceiptTimes { get; init; }

    /// <summary>Until a conversation was open.</summary>
    public required LatencySummary ConnectTimes { get; init; }

    public double? ServerCpuMicroseconds { get; init; }

    /// <summary>The same, of opening the first connections.</summary>
    public double? ConnectingCpuMicroseconds { get; init; }

    /// <summary>The same, until the last event was answered.</summary>
    public double? PublishingCpuMicroseconds { get; init; }

    public double? ResidentBefore { get; init; }

    public double? ResidentConnected { get; init; }

    public double? ResidentAfter { get; init; }

    public double? ResidentPeak { get; init; }

    /// <summary>How the server has forgotten the users' streams; null where that was not waited for.</summary>
    public StreamEviction? Eviction { get; init; }

    public IReadOnlyList<SeriesLine> Series { get; init; } = [];

    /// <summary>How many connections there were.</summary>
    public int Connections => Options.Devices > 0 ? Options.Users * Options.Devices : Math.Min(Options.Users, Options.Readers);

    /// <summary>How many events were taken, as their receipts say.</summary>
    public long Accepted => Receipts.Where(static pair => pair.Key is "queued" or "stored" or "lagging").Sum(static pair => pair.Value);

    /// <summary>0 when nothing was wrong, else 1.</summary>
    public int ExitCode => Findings.Any ? 1 : 0;

    /// <summary>How many events came in a second.</summary>
    public double ReceivedPerSecond => Received / Math.Max(0.001, Took.TotalSeconds);

    /// <summary>CPU of the server for each event that came, in microseconds; null when it is not measured.</summary>
    public double? CpuPerEvent => Received > 0 ? ServerCpuMicroseconds / Received : null;

    /// <summary>What a connection has added to the server's memory, in bytes; null when it is not measured.</summary>
    public double? BytesPerConnection => (ResidentConnected - ResidentBefore) / Connections;
}

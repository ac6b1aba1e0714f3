using Netra.Pipeline.Load.Reports;

namespace Netra.Pipeline.Load.Compare;

/// <summary>One server under one workload, once.</summary>
/// <param name="Peer">The server.</param>
/// <param name="Workload">The workload.</param>
/// <param name="Result">What became of it.</param>
/// <param name="ClientMicroseconds">CPU that the harness itself took, in microseconds.</param>
internal sealed record Measurement(Peer Peer, Workload Workload, LoadResult Result, double ClientMicroseconds)
{
    private const double Kibi = 1_024;

    /// <summary>Server CPU for each delivered event, connecting included, in microseconds.</summary>
    public double CpuPerEvent => Result.CpuPerEvent ?? 0;

    /// <summary>CPU of the harness for each delivered event, in microseconds.</summary>
    public double ClientPerEvent => Result.Received > 0 ? ClientMicroseconds / Result.Received : 0;

    public double BytesPerEvent => Result.Received > 0 ? (double)Result.BytesRead / Result.Received : 0;

    /// <summary>What a connection has added to the server's resident memory, in KiB.</summary>
    public double KibibytesPerConnection => (Result.ResidentAfter - Result.ResidentBefore ?? 0) / Result.Connections / Kibi;

    /// <summary>Server CPU for opening a connection, in microseconds.</summary>
    public double CpuPerConnect => (Result.ConnectingCpuMicroseconds ?? 0) / Result.Connections;

    public double ConnectsPerSecond => Result.Connections / Math.Max(0.001, Result.Connecting.TotalSeconds);
}

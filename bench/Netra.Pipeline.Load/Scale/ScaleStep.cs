using Netra.Pipeline.Load.Compare;

namespace Netra.Pipeline.Load.Scale;

/// <summary>A number of connections: what holding them takes, and what events over them take.</summary>
/// <param name="Connections">How many.</param>
/// <param name="Idle">Connections that are only held.</param>
/// <param name="HeldSeconds">How long.</param>
/// <param name="Paced">Paced events over as many.</param>
internal sealed record ScaleStep(int Connections, Measurement Idle, double HeldSeconds, Measurement Paced)
{
    private const double SecondsPerMinute = 60;

    /// <summary>Server CPU for holding a connection for a minute, in microseconds.</summary>
    public double? IdleCpuPerMinute
        => (Idle.Result.ServerCpuMicroseconds - Idle.Result.ConnectingCpuMicroseconds) / Connections / HeldSeconds * SecondsPerMinute;

    /// <summary>Server CPU for a paced event, in microseconds, without that of opening as many connections.</summary>
    public double? CpuPerEvent
        => (Paced.Result.ServerCpuMicroseconds - Idle.Result.ConnectingCpuMicroseconds) / Paced.Result.Received;
}

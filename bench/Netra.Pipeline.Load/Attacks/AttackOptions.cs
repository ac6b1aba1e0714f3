namespace Netra.Pipeline.Load.Attacks;

/// <summary>What a run of attacks was asked to do. The command has checked it.</summary>
/// <param name="Target">The deployment.</param>
internal sealed record AttackOptions(LoadTarget Target)
{
    /// <summary>Which attacks; all of them where none is named.</summary>
    public IReadOnlyList<string> Names { get; init; } = [];

    /// <summary>For how long each goes on.</summary>
    public TimeSpan Duration { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>For how long the well-behaved client is looked at before and after each.</summary>
    public TimeSpan Calm { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>How many times as late as in calm the well-behaved client may be served.</summary>
    public double Factor { get; init; } = 3;

    /// <summary>Below this many milliseconds nothing is late: a machine that is shared is no steadier.</summary>
    public double FloorMs { get; init; } = 25;

    /// <summary>How many megabytes more than before the server may hold.</summary>
    public double MemoryMb { get; init; } = 512;

    /// <summary>The server's process on this machine; null when it is not measured.</summary>
    public int? ServerPid { get; init; }

    public bool IsJson { get; init; }

    public IReadOnlyList<string> ReportFiles { get; init; } = [];
}

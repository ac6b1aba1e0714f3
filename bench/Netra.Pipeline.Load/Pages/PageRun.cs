using Netra.Pipeline.Load.Checks;
using Netra.Pipeline.Load.Clients;
using Netra.Pipeline.Load.Measuring;

namespace Netra.Pipeline.Load.Pages;

/// <summary>What the pages of a run share.</summary>
/// <param name="Target">The deployment.</param>
/// <param name="Findings">Who is told what is wrong.</param>
internal sealed record PageRun(LoadTarget Target, Findings Findings)
{
    /// <summary>The run's name, which its users' names begin with.</summary>
    public byte[] RunName { get; } = System.Text.Encoding.UTF8.GetBytes(Target.RunName);

    /// <summary>How many users have pages.</summary>
    public required int Users { get; init; }

    /// <summary>How long a page tries to come back.</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>From when an event was due until a page has it.</summary>
    public LatencyRecorder Latency { get; } = new();

    /// <summary>The same, of the pages that the run itself disturbs.</summary>
    public LatencyRecorder DisturbedLatency { get; } = new();

    /// <summary>Whether the server makes the events of each connection by itself, in the order of their times.</summary>
    public bool IsServerPaced { get; init; }

    /// <summary>How far apart the server's events are due, in nanoseconds; 0 where they come as fast as they are taken.</summary>
    public long Interval { get; init; }

    /// <summary>
    /// From when the server's pace had an event due, counted from the opening, until the page has it: what a late server does not say in
    /// its own times.
    /// </summary>
    public LatencyRecorder Lateness { get; } = new();

    /// <summary>How many events the server makes for each page, where it does; 0 when they are not waited for.</summary>
    public long ServerEvents { get; set; }

    /// <summary>Who is told of conversations that were open and have ended.</summary>
    public Action<LoadPage, ClientEnd> OnEnded { get; set; } = static (_, _) => { };
}

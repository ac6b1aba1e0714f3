namespace Netra.Pipeline.Load.Scenarios;

/// <summary>What a run was asked to do. The commands have checked it.</summary>
/// <param name="Name">The scenario.</param>
/// <param name="Target">The deployment.</param>
internal sealed record LoadOptions(string Name, LoadTarget Target)
{
    /// <summary>How many users there are.</summary>
    public int Users { get; init; } = 100;

    /// <summary>How many pages each user has; 0 for pages that come when everything is published, and read all of it.</summary>
    public int Devices { get; init; } = 1;

    /// <summary>How many of the users have pages that read everything in the end, where pages come only then.</summary>
    public int Readers { get; init; } = int.MaxValue;

    /// <summary>Who makes the events.</summary>
    public EventSource Source { get; init; } = EventSource.Ndjson;

    /// <summary>How many publishers share the users.</summary>
    public int Publishers { get; init; } = 2;

    /// <summary>How many events each user gets in a second; 0 for as fast as they are taken.</summary>
    public double Rate { get; init; } = 25;

    /// <summary>
    /// How many events each user gets, the run's first and last one included; 0 for as many as <see cref="Duration"/> has room for.
    /// </summary>
    public long Events { get; init; }

    /// <summary>Whether each user gets one event only, and no run.</summary>
    public bool IsSingle { get; init; }

    /// <summary>How long events are published, or connections held.</summary>
    public TimeSpan Duration { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How many connections are begun in a second; 0 for as fast as they open.</summary>
    public double ConnectRate { get; init; }

    /// <summary>How long nothing may come before what is missing counts as lost.</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Whether events have idempotency keys, so that a publisher may send again what was not answered.</summary>
    public bool HasKeys { get; init; }

    /// <summary>Whether pages are expected to be ended.</summary>
    public bool ExpectsEnds { get; init; }

    /// <summary>The server's process on this machine; null when it is not measured.</summary>
    public int? ServerPid { get; init; }

    /// <summary>What is done to the pages and publishers meanwhile; null for nothing.</summary>
    public Disturbance? Disturbance { get; init; }

    /// <summary>Whether the report has a line for each <see cref="SeriesEvery"/>.</summary>
    public bool HasSeries { get; init; }

    /// <summary>How often a line of the series is taken.</summary>
    public TimeSpan SeriesEvery { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Whether the run waits until the server has forgotten the users' streams.</summary>
    public bool AwaitsEviction { get; init; }

    /// <summary>How long none may be forgotten before the waiting ends.</summary>
    public TimeSpan EvictionPatience { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Whether the result is printed as JSON.</summary>
    public bool IsJson { get; init; }

    /// <summary>Files that the report is written to: Markdown, or JSON where the name ends in <c>.json</c>.</summary>
    public IReadOnlyList<string> ReportFiles { get; init; } = [];
}

namespace Netra.Pipeline.Hosting;

/// <summary>A loop that runs for as long as the pipeline does; <see cref="BackgroundLoops"/> runs it.</summary>
internal sealed class BackgroundLoop
{
    private BackgroundLoop(string name, TimeSpan patience)
        => (Name, Patience) = (name, patience);

    /// <summary>Its name in failures.</summary>
    public string Name { get; }

    /// <summary>How long one round may take before the loop is reported as hanging.</summary>
    public TimeSpan Patience { get; }

    /// <summary>Whether it may wait for the log: what fails then is reported by the log itself.</summary>
    public bool WaitsForLog { get; private init; }

    /// <summary>How often a round begins; null for the tick's own period.</summary>
    public TimeSpan? Period { get; private init; }

    /// <summary>One round; null for a loop that waits by itself.</summary>
    public Func<CancellationToken, ValueTask>? Round { get; private init; }

    /// <summary>The whole loop, until it is cancelled; null for a loop of rounds.</summary>
    public Func<CancellationToken, Task>? Run { get; private init; }

    /// <summary>A loop that guards others: an <see cref="Action"/> cannot wait.</summary>
    public static BackgroundLoop Guard(string name, Action round) => new(name, BackgroundLoops.Patience)
    {
        Round = _ =>
        {
            round();
            return ValueTask.CompletedTask;
        },
    };

    /// <summary>A loop whose rounds may wait for the log, or for other services.</summary>
    public static BackgroundLoop Waiting(
        string name, Func<CancellationToken, ValueTask> round, TimeSpan? patience = null, TimeSpan? period = null)
        => new(name, patience ?? BackgroundLoops.Patience) { WaitsForLog = true, Period = period, Round = round };

    /// <summary>A loop that waits for its work by itself.</summary>
    public static BackgroundLoop Serving(string name, Func<CancellationToken, Task> run)
        => new(name, Timeout.InfiniteTimeSpan) { Run = run };
}

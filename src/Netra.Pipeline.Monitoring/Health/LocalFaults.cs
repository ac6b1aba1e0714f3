using Netra.Pipeline.Connections;
using Netra.Pipeline.Diagnostics;
using Netra.Pipeline.Storage;

namespace Netra.Pipeline.Monitoring.Health;

/// <summary>
/// What explains that a check of the pipeline by itself fails, and is no fault of what it checks: the log stores nothing, the process did not run, no thread was free,
/// no further connection can be taken. Each of them is told by itself. Safe from any thread.
/// </summary>
internal sealed class LocalFaults(IEventLog log, ThreadPoolProbe threads, ConnectionSlots slots, HandleWatch handles, ServedTime served)
{
    // A check that waits for so long for its threads says nothing about its way.
    private static readonly TimeSpan MaxThreadDelay = TimeSpan.FromSeconds(1);

    /// <summary>What there is of it now; null when nothing is.</summary>
    public string? Now => log.Trouble is { } trouble ? $"the log stores nothing at the moment: {trouble}"
        : threads.Delay is var delay && delay > MaxThreadDelay ? $"work waits {delay.TotalSeconds:F1} s for a thread of the pool"
        : slots.Count >= slots.Limit ? "as many connections are open as may be"
        : handles.Exhausted.IsCancellationRequested ? "no file handle is free"
        : null;

    /// <summary>Begins to look, for a check that begins.</summary>
    public Mark Begin() => new(this, served.Gaps, slots.Refusals, Now);

    /// <summary>The beginning of a check.</summary>
    internal readonly struct Mark(LocalFaults own, long gaps, long refusals, string? before)
    {
        /// <summary>What there was of it since then; null when nothing was.</summary>
        public string? Since() => own.Now ?? before ?? own.Between(gaps, refusals);
    }

    // What is over by the time that anybody looks: at the limit a place is free, and taken, many times in one check.
    private string? Between(long gaps, long refusals) => served.Gaps != gaps ? "this process did not run meanwhile"
        : slots.Refusals != refusals ? "connections were turned away meanwhile, since as many were open as may be"
        : null;
}

using Netra.Pipeline.Connections;
using Netra.Pipeline.Diagnostics;
using Netra.Pipeline.Storage;

namespace Netra.Pipeline.Monitoring.Health;

/// <summary>
/// The faults of this process or its machine which make the pipeline's checks of itself fail although delivery is not at fault: the log
/// stores nothing, the process did not run, no thread was free, no further connection can be accepted. Each of them is reported by itself.
/// Safe from any thread.
/// </summary>
internal sealed class LocalFaults(IEventLog log, ThreadPoolProbe threads, ConnectionSlots slots, HandleWatch handles, ServedTime served)
{
    // A check that waits longer for its threads fails for that reason.
    private static readonly TimeSpan MaxThreadDelay = TimeSpan.FromSeconds(1);

    /// <summary>The present fault, for people; null when there is none.</summary>
    public string? Current => log.Trouble is { } trouble ? $"the log stores nothing at the moment: {trouble}"
        : threads.Delay is var delay && delay > MaxThreadDelay ? $"work waits {delay.TotalSeconds:F1} s for a thread of the pool"
        : slots.Count >= slots.Limit ? "as many connections are open as may be"
        : handles.Exhausted.IsCancellationRequested ? "no file handle is free"
        : null;

    /// <summary>Marks the beginning of a check.</summary>
    public Mark Begin() => new(this, served.Gaps, slots.Refusals, Current);

    /// <summary>The beginning of a check.</summary>
    internal readonly struct Mark(LocalFaults faults, long gaps, long refusals, string? before)
    {
        /// <summary>A fault since then, for people; null when there was none.</summary>
        public string? Since() => faults.Current ?? before ?? faults.Between(gaps, refusals);
    }

    // Faults that may have passed by the time of the question: at its limit, a connection slot is freed and taken many times in one check.
    private string? Between(long gaps, long refusals) => served.Gaps != gaps ? "this process did not run meanwhile"
        : slots.Refusals != refusals ? "connections were turned away meanwhile, since as many were open as may be"
        : null;
}

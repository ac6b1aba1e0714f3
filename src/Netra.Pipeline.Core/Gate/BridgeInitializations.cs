using System.Diagnostics.Metrics;
using Netra.Pipeline.Diagnostics;

namespace Netra.Pipeline.Gate;

/// <summary>
/// Counts and times the bridge's initializations, those of the start and those of remediation. Safe from any thread;
/// <see cref="SlidingCount.OnTick"/> is the monitor's.
/// </summary>
internal sealed class BridgeInitializations
{
    private readonly Histogram<double> _duration;
    private readonly TimeProvider _time;
    private long _succeeded;
    private long _lastTicks;

    public BridgeInitializations(IMeterFactory meters, TimeProvider time)
    {
        _time = time;
        _duration = meters.Create(PipelineMeter.Name).CreateHistogram<double>(
            "netra.bridge.initialization.duration",
            "s",
            "How long an initialization of the bridge took, by outcome (netra.outcome: ok, failed).");
    }

    public long Succeeded => Interlocked.Read(ref _succeeded);

    public SlidingCount Failed { get; } = new();

    /// <summary>How long the last one took.</summary>
    public TimeSpan Last => TimeSpan.FromTicks(Interlocked.Read(ref _lastTicks));

    /// <summary>Does an initialization.</summary>
    /// <param name="initialize">What it does.</param>
    /// <param name="isExcused">Whether something else explains that it failed, so that it does not count.</param>
    public async Task RunAsync(Func<Task> initialize, Func<bool>? isExcused = null)
    {
        var begun = _time.GetTimestamp();
        var outcome = "failed";
        try
        {
            await initialize();
            outcome = "ok";
            Interlocked.Increment(ref _succeeded);
        }
        catch
        {
            if (isExcused?.Invoke() != true)
            {
                Failed.Add();
            }

            throw;
        }
        finally
        {
            var took = _time.GetElapsedTime(begun);
            Interlocked.Exchange(ref _lastTicks, took.Ticks);
            _duration.Record(took.TotalSeconds, new KeyValuePair<string, object?>("netra.outcome", outcome));
        }
    }
}

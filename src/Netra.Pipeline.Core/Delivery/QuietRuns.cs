using System.Collections.Concurrent;
using Netra.Pipeline.Contexts;
using Netra.Pipeline.Emission;
using Netra.Pipeline.Failures;
using Netra.Pipeline.Gate;
using Netra.Pipeline.Runs;
using Netra.Pipeline.Storage;
using Netra.Pipeline.Streams;

namespace Netra.Pipeline.Delivery;

/// <summary>
/// Sees to runs that say nothing: calls them stalled, once per silence, and ends them when it lasts; finds tools that are stuck. Silence is
/// never taken for completion, and no run is silent while none could be heard: the runs' clock stands until the pipeline is ready, and
/// while the log is in trouble.
/// </summary>
/// <remarks>
/// A round looks at those runs whose time has come, however many others there are, and waits for the log for a moment only: verdicts go
/// out beside it (<see cref="RunVerdicts"/>). What cannot be published is tried again a second later. Rounds are called by one loop;
/// what was found may be read from any thread.
/// </remarks>
internal sealed class QuietRuns(
    RunRegistry registry,
    RunLimits limits,
    RunClock clock,
    UserExecutionContextFactory contexts,
    EventEmitterFactory emitters,
    StreamRegistry streams,
    PipelineBridge bridge,
    IEventLog log,
    FailureReporter failures,
    TimeProvider time)
{
    /// <summary>How many runs and tools are listed at most.</summary>
    public const int MaxListed = 1000;

    private readonly List<RunLife> _due = [];
    private readonly RunVerdicts _verdicts = new(registry, limits, clock, contexts, emitters, streams, failures, time);
    private readonly ConcurrentDictionary<RunLife, bool> _stuck = new();
    private long _rounds;
    private long _unwatched;
    private long _unwatchedToldAt;

    /// <summary>How many runs are stalled.</summary>
    public int StaleCount => _verdicts.Stalled.Count;

    /// <summary>The runs that are stalled, <see cref="MaxListed"/> at most.</summary>
    public IReadOnlyList<StaleThread> Stale
    {
        get
        {
            var now = clock.Now;
            return
            [
                .. _verdicts.Stalled.Select(static entry => entry.Key)
                    .Where(static life => life is { IsStalled: true, HasEnded: false })
                    .Take(MaxListed)
                    .Select(life => new StaleThread(
                        life.Key.UserKey, life.Key.ThreadId, life.Key.RunId, life.AgentName, TimeSpan.FromTicks(life.QuietAt(now)))),
            ];
        }
    }

    /// <summary>The tools that are stuck, <see cref="MaxListed"/> at most.</summary>
    public IReadOnlyList<StuckTool> Stuck
    {
        get
        {
            var now = clock.Now;
            return
            [
                .. _stuck.Select(static entry => entry.Key)
                    .SelectMany(life => life.FindStuck(now, limits).Select(
                        found => new StuckTool(life.Key.UserKey, life.Key.ThreadId, life.Key.RunId, found.Tool.Name, found.Running)))
                    .Take(MaxListed),
            ];
        }
    }

    /// <summary>How many rounds are done.</summary>
    public long Rounds => Volatile.Read(ref _rounds);

    /// <summary>Takes up runs that go on: elsewhere, or when an answer comes.</summary>
    public void Adopt(IReadOnlyList<OpenRun> open)
    {
        clock.Set(isStanding: true);
        foreach (var run in open)
        {
            registry.Adopt(run);
        }
    }

    /// <summary>From now on all publishers can be heard.</summary>
    public void Begin() => clock.Set(isStanding: false);

    /// <summary>Looks after all runs whose time has come.</summary>
    public async ValueTask RoundAsync(CancellationToken cancellationToken)
    {
        try
        {
            // While publishers are refused, or the log takes nothing, silence says nothing about the runs.
            var isStanding = bridge.State != BridgeState.Ready || log.Trouble is not null;
            clock.Set(isStanding);
            if (limits.AreWatched && !isStanding)
            {
                Look();
                await _verdicts.PublishAsync(cancellationToken);
            }

            TellUnwatched();
        }
        finally
        {
            Interlocked.Increment(ref _rounds);
        }
    }

    private void Look()
    {
        var now = clock.Now;
        registry.TakeDue(_due);
        foreach (var life in _due)
        {
            FindStuck(life, now);
            if (life.Judge(now, limits) is not RunVerdict.None and var verdict)
            {
                _verdicts.Add(life, verdict);
            }
            else
            {
                registry.Schedule(life);
            }
        }

        _due.Clear();
        foreach (var (life, _) in _verdicts.Stalled)
        {
            if (life.HasEnded || !life.IsStalled)
            {
                _verdicts.Stalled.TryRemove(life, out _);
                registry.Schedule(life);
            }
        }

        foreach (var (life, _) in _stuck)
        {
            if (!life.HasReportedTools())
            {
                _stuck.TryRemove(life, out _);
            }
        }
    }

    private void FindStuck(RunLife life, long now)
    {
        foreach (var (tool, running) in life.FindStuck(now, limits))
        {
            if (!tool.IsReported)
            {
                tool.IsReported = true;
                _stuck[life] = true;
                _verdicts.Report(Failure.In(
                    FailureCode.ToolStuck,
                    new FailureScope("watch runs", life.Key.UserKey, life.Key.ThreadId, life.Key.RunId),
                    $"Tool {tool.Name} has been running for {running.TotalSeconds:F0} s "
                    + $"(Netra:Monitoring:StuckToolAfter is {limits.StuckToolAfter})"));
            }
        }
    }

    private void TellUnwatched()
    {
        _unwatched += registry.TakeUnwatched();
        var now = time.GetTimestamp();
        if (_unwatched > 0 && (_unwatchedToldAt == 0 || time.GetElapsedTime(_unwatchedToldAt, now) >= FailureDigest.Interval))
        {
            failures.Report(new Failure(
                FailureCode.ResourceExhausted,
                "watch runs",
                $"{_unwatched} runs are not watched: {limits.MaxWatched} are open, which is the limit (Netra:Monitoring:MaxWatchedRuns). "
                + "They go on, but nobody notices when they are quiet"));
            (_unwatched, _unwatchedToldAt) = (0, now);
        }
    }
}

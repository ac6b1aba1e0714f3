using System.Collections.Concurrent;
using Netra.Pipeline.Contexts;
using Netra.Pipeline.Emission;
using Netra.Pipeline.Events;
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
/// A round looks at those runs whose time has come, however many others there are, and waits for the log no longer than
/// <see cref="Patience"/>: verdicts go out beside it, many at a time, and the streams of their users are let go once they are stored. What
/// cannot be published is tried again a second later. Rounds are called by one loop; what was found may be read from any thread.
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

    // Enough that a commit of the log takes many, and few enough that opening their streams holds up no other caller.
    private const int AtOnce = 512;

    // Streams of users who are not there, which stay loaded until their verdict is stored.
    private const int MaxLeaving = 2048;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    // A guard that waits for the log is not a guard.
    private static readonly EmitterOptions Own = new()
    {
        Overflow = OverflowBehavior.Report,
        RoomTimeout = TimeSpan.Zero,
        IsOfServer = true,
    };

    private readonly List<RunLife> _due = [];
    private readonly ConcurrentQueue<(RunLife Life, RunVerdict Verdict)> _verdicts = new();
    private readonly ConcurrentDictionary<RunLife, RunVerdict> _judged = new();
    private readonly ConcurrentDictionary<RunLife, bool> _stalled = new();
    private readonly ConcurrentDictionary<RunLife, bool> _stuck = new();
    private readonly ConcurrentQueue<(string UserId, Task Stored)> _leaving = new();
    private readonly FailureAggregator _failed = new(failures);
    private Task _publishing = Task.CompletedTask;
    private volatile bool _isRefused;
    private long _rounds;
    private long _unwatched;
    private long _unwatchedToldAt;

    /// <summary>How many runs are stalled.</summary>
    public int StaleCount => _stalled.Count;

    /// <summary>The runs that are stalled, <see cref="MaxListed"/> at most.</summary>
    public IReadOnlyList<StaleThread> Stale
    {
        get
        {
            var now = clock.Now;
            return
            [
                .. _stalled.Select(static entry => entry.Key)
                    .Where(static life => life is { IsStalled: true, HasEnded: false })
                    .Take(MaxListed)
                    .Select(life => new StaleThread(
                        life.Key.UserId, life.Key.ThreadId, life.Key.RunId, life.AgentName, TimeSpan.FromTicks(life.QuietAt(now)))),
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
                        found => new StuckTool(life.Key.UserId, life.Key.ThreadId, life.Key.RunId, found.Tool.Name, found.Running)))
                    .Take(MaxListed),
            ];
        }
    }

    /// <summary>How many rounds are done.</summary>
    public long Rounds => Volatile.Read(ref _rounds);

    /// <summary>Takes up those of the open runs that go on elsewhere.</summary>
    public void Adopt(IReadOnlyList<OpenRun> open)
    {
        clock.Set(isStanding: true);
        foreach (var run in open.Where(static run => !run.IsEmbedded))
        {
            registry.Adopt(run);
        }
    }

    /// <summary>From now on everybody can be heard.</summary>
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
                await PublishAsync(cancellationToken);
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
        _isRefused = false;
        registry.TakeDue(_due);
        foreach (var life in _due)
        {
            FindStuck(life, now);
            if (life.Judge(now, limits) is not RunVerdict.None and var verdict)
            {
                if (_judged.TryAdd(life, verdict))
                {
                    _verdicts.Enqueue((life, verdict));
                }
            }
            else
            {
                registry.Schedule(life);
            }
        }

        _due.Clear();
        foreach (var (life, _) in _stalled)
        {
            if (life.HasEnded || !life.IsStalled)
            {
                _stalled.TryRemove(life, out _);
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
                _failed.Add(Failure.In(
                    FailureCode.ToolStuck,
                    new FailureScope("watch runs", life.Key.UserId, life.Key.ThreadId, life.Key.RunId),
                    $"Tool {tool.Name} has been running for {running.TotalSeconds:F0} s "
                    + $"(Netra:Monitoring:StuckToolAfter is {limits.StuckToolAfter})"));
            }
        }
    }

    private async Task PublishAsync(CancellationToken cancellationToken)
    {
        if (_publishing.IsCompleted && (!_verdicts.IsEmpty || !_leaving.IsEmpty))
        {
            _publishing = PublishAllAsync(new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = cancellationToken });
        }

        if (!_publishing.IsCompleted)
        {
            // A slow log must not keep other runs from being looked after.
            await Task.WhenAny(_publishing, Task.Delay(Patience, time, cancellationToken));
        }

        _failed.Tell();
        if (_publishing.IsFaulted)
        {
            var fault = _publishing.Exception;
            _publishing = Task.CompletedTask;
            throw fault;
        }
    }

    private async Task PublishAllAsync(ParallelOptions options)
    {
        await Parallel.ForEachAsync(TakeVerdicts(), options, PublishAsync);
        await Parallel.ForEachAsync(TakeStored(), options, (left, _) => LetGoAsync(left));
    }

    private IEnumerable<(string UserId, Task Stored)> TakeStored()
    {
        while (_leaving.TryPeek(out var first) && first.Stored.IsCompleted && _leaving.TryDequeue(out first))
        {
            yield return first;
        }
    }

    private IEnumerable<(RunLife Life, RunVerdict Verdict)> TakeVerdicts()
    {
        while (_verdicts.TryDequeue(out var judged))
        {
            yield return judged;
        }
    }

    private async ValueTask PublishAsync((RunLife Life, RunVerdict Verdict) judged, CancellationToken cancellationToken)
    {
        var (life, verdict) = judged;
        var isDone = false;
        try
        {
            isDone = !_isRefused && await TryPublishAsync(life, verdict, cancellationToken);
        }
        finally
        {
            _judged.TryRemove(life, out _);
            if (isDone)
            {
                registry.Schedule(life);
            }
            else
            {
                registry.ScheduleSoon(life);
            }
        }
    }

    /// <returns>Whether nothing is left to be done.</returns>
    private async ValueTask<bool> TryPublishAsync(RunLife life, RunVerdict verdict, CancellationToken cancellationToken)
    {
        EventReceipt receipt;
        try
        {
            var context = contexts.CreateInterrupted(life.Key.UserId, life.Key.ThreadId, life.Key.RunId);
            await using var emitter = await emitters.CreateEmitterAsync(context, Own, cancellationToken);
            var (now, heardAt) = (clock.Now, life.HeardAt);
            if (life.Judge(now, limits) != verdict)
            {
                // It was heard of meanwhile.
                return true;
            }

            receipt = verdict == RunVerdict.Stall ? await StallAsync(life, emitter, now, heardAt) : await EndAsync(life, emitter, now);
        }
        catch (PipelineException exception) when (exception.Code == FailureCode.RunEnded)
        {
            // It has ended meanwhile.
            registry.End(life);
            return true;
        }
        catch (PipelineException exception)
        {
            // Reported by the emitter. The others of this round would fare no better, and would be as many failures.
            if (exception.Code is FailureCode.LogFull
                or FailureCode.LogFailed
                or FailureCode.NotInitialized
                or FailureCode.BridgeUnavailable)
            {
                _isRefused = true;
            }

            return false;
        }

        _leaving.Enqueue((life.Key.UserId, receipt.WhenCommittedAsync().WaitAsync(cancellationToken)));
        if (_leaving.Count > MaxLeaving && _leaving.TryDequeue(out var first))
        {
            await LetGoAsync(first);
        }

        return true;
    }

    private async Task<EventReceipt> StallAsync(RunLife life, EventEmitter emitter, long now, long heardAt)
    {
        var quiet = TimeSpan.FromTicks(life.QuietAt(now));
        var receipt = await emitter.AgentStalledAsync(life.AgentName, quiet);
        life.OnStalled(heardAt);
        _stalled[life] = true;
        _failed.Add(Failure.In(
            FailureCode.RunStalled,
            emitter.Context.ScopeOf("watch runs"),
            $"The run of {life.AgentName ?? "an agent"} has said nothing for {quiet.TotalSeconds:F0} s; "
            + $"its lease is {TimeSpan.FromTicks(life.LeaseOr(limits)).TotalSeconds:F0} s"));
        return receipt;
    }

    private async Task<EventReceipt> EndAsync(RunLife life, EventEmitter emitter, long now)
    {
        var quiet = TimeSpan.FromTicks(life.QuietAt(now));
        var agent = life.AgentName;
        var failure = Failure.In(
            FailureCode.LeaseExpired,
            emitter.Context.ScopeOf("watch runs"),
            $"The run of {agent ?? "an agent"} said nothing for {quiet.TotalSeconds:F0} s, and was ended");
        var receipt = await emitter.AgentFailedAsync(
            string.IsNullOrEmpty(agent) ? "unknown" : agent, new EventError(FailureCodes.WireName(failure.Code), failure.Message));
        _stalled.TryRemove(life, out _);
        _failed.Add(failure);

        // One that runs in this process is not to go on behind everybody's back.
        life.Stop?.Invoke("it said nothing for so long that the server ended it");
        return receipt;
    }

    // The streams of thousands of absent users must not all stay in memory until the idle ones are evicted.
    private async ValueTask LetGoAsync((string UserId, Task Stored) left)
    {
        try
        {
            await left.Stored;
            await streams.EvictIfIdleAsync(left.UserId);
        }
        catch (PipelineException exception)
        {
            failures.Report(exception);
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

using Microsoft.Extensions.Options;
using Netra.Pipeline.Agents;
using Netra.Pipeline.Contexts;
using Netra.Pipeline.Emission;
using Netra.Pipeline.Failures;
using Netra.Pipeline.Log;
using Netra.Pipeline.Monitoring;
using Netra.Pipeline.Runs;

namespace Netra.Pipeline.Delivery;

/// <summary>
/// Sees to runs that say nothing: calls them stalled, once per silence, and ends them when it lasts; finds tools that are stuck. Silence is never taken for completion. What cannot be published is tried again a second later.
/// Called by one loop, one round at a time; what it has found may be read from any thread.
/// </summary>
internal sealed class QuietRuns(
    RunRegistry monitor,
    UserExecutionContextFactory contexts,
    EventEmitterFactory emitters,
    OpenRuns openRuns,
    FailureReporter failures,
    IOptions<MonitoringOptions> options,
    TimeProvider time)
{
    // A guard that waits for the log is not a guard.
    private static readonly EmitterOptions Reporting = new() { Overflow = OverflowBehavior.Report, RoomTimeout = TimeSpan.Zero };

    private IReadOnlyList<StaleThread> _stale = [];
    private IReadOnlyList<StuckTool> _stuck = [];
    private long _rounds;

    /// <summary>The runs that are stalled, as of the last round.</summary>
    public IReadOnlyList<StaleThread> Stale => Volatile.Read(ref _stale);

    /// <summary>The tools that are stuck, as of the last round.</summary>
    public IReadOnlyList<StuckTool> Stuck => Volatile.Read(ref _stuck);

    /// <summary>How many rounds are done.</summary>
    public long Rounds => Volatile.Read(ref _rounds);

    /// <summary>Takes up those of the open runs that go on elsewhere.</summary>
    public void Adopt(IReadOnlyList<OpenRun> open)
    {
        foreach (var run in open.Where(static run => !run.IsEmbedded))
        {
            monitor.Adopt(run);
        }
    }

    /// <summary>Looks after all runs.</summary>
    public async ValueTask RoundAsync(CancellationToken cancellationToken)
    {
        try
        {
            if (options.Value.Enabled)
            {
                await LookAsync(cancellationToken);
            }
            else
            {
                monitor.Sweep();
            }
        }
        finally
        {
            Interlocked.Increment(ref _rounds);
        }
    }

    private async Task LookAsync(CancellationToken cancellationToken)
    {
        var (settings, now) = (options.Value, time.GetUtcNow().UtcTicks);
        var stale = new List<StaleThread>();
        var stuck = new List<StuckTool>();
        foreach (var flow in monitor.Flows())
        {
            switch (flow.OnTick(now, settings.RunLease.Ticks, settings.MaxRunSilence.Ticks))
            {
                case RunVerdict.Stall when await TryAsync(flow, StallAsync, cancellationToken):
                    flow.OnStalled();
                    break;
                case RunVerdict.End:
                    await TryAsync(flow, EndAsync, cancellationToken);
                    break;
                case RunVerdict.Stall or RunVerdict.None:
                default:
                    break;
            }

            if (flow is { IsStalled: true, HasEnded: false })
            {
                stale.Add(new StaleThread(flow.Key.UserId, flow.Key.ThreadId, flow.Key.RunId, flow.AgentName, TimeSpan.FromTicks(flow.QuietAt(now))));
            }

            FindStuck(flow, now, stuck);
        }

        monitor.Sweep();
        Volatile.Write(ref _stale, stale);
        Volatile.Write(ref _stuck, stuck);
    }

    private void FindStuck(RunLife flow, long now, List<StuckTool> stuck)
    {
        var key = flow.Key;
        foreach (var (tool, isNew) in flow.FindStuck(now, options.Value.StuckToolAfter.Ticks))
        {
            var since = TimeSpan.FromTicks(now - tool.Since);
            stuck.Add(new StuckTool(key.UserId, key.ThreadId, key.RunId, tool.Name, since));
            if (isNew)
            {
                failures.Report(Failure.In(
                    FailureCode.ToolStuck,
                    new FailureScope("watch runs", key.UserId, key.ThreadId, key.RunId),
                    $"Tool {tool.Name} has been running for {since.TotalSeconds:F0} s (Netra:Monitoring:StuckToolAfter is {options.Value.StuckToolAfter})"));
            }
        }
    }

    private async Task<bool> TryAsync(RunLife flow, Func<RunLife, EventEmitter, Task> publish, CancellationToken cancellationToken)
    {
        try
        {
            var context = contexts.CreateInterrupted(flow.Key.UserId, flow.Key.ThreadId, flow.Key.RunId);
            await using var emitter = await emitters.CreateEmitterAsync(context, Reporting, cancellationToken);
            await publish(flow, emitter);
            return true;
        }
        catch (PipelineException exception) when (exception.Code == FailureCode.RunEnded)
        {
            // It has ended meanwhile.
            flow.End();
            return false;
        }
        catch (PipelineException)
        {
            // Reported by the emitter; the next round tries again.
            return false;
        }
    }

    private async Task StallAsync(RunLife flow, EventEmitter emitter)
    {
        var quiet = TimeSpan.FromTicks(flow.QuietAt(time.GetUtcNow().UtcTicks));
        await emitter.AgentStalledAsync(flow.AgentName, quiet);
        failures.Report(Failure.In(
            FailureCode.RunStalled,
            emitter.Context.ScopeOf("watch runs"),
            $"The run of {flow.AgentName ?? "an agent"} has said nothing for {quiet.TotalSeconds:F0} s; its lease is {TimeSpan.FromTicks(flow.LeaseOr(options.Value.RunLease.Ticks)).TotalSeconds:F0} s"));
    }

    private async Task EndAsync(RunLife flow, EventEmitter emitter)
    {
        var quiet = TimeSpan.FromTicks(flow.QuietAt(time.GetUtcNow().UtcTicks));
        var failure = Failure.In(
            FailureCode.LeaseExpired, emitter.Context.ScopeOf("watch runs"), $"The run of {flow.AgentName ?? "an agent"} said nothing for {quiet.TotalSeconds:F0} s, and was ended");
        await emitter.AgentFailedAsync(flow.AgentName ?? "unknown", new EventError(FailureCodes.WireName(failure.Code), failure.Message));
        failures.Report(failure);

        // One that runs in this process is not to go on behind everybody's back.
        openRuns.TryCancel(flow.Key, "it said nothing for so long that the server ended it");
    }
}

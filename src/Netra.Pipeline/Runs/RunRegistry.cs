using Netra.Pipeline.Contexts;
using Netra.Pipeline.Delivery;
using Netra.Pipeline.Failures;
using Netra.Pipeline.Log;
using Netra.Pipeline.Protocol;

namespace Netra.Pipeline.Runs;

/// <summary>
/// The flows of all runs that are open or in somebody's hand. Bounded by <c>Netra:Monitoring:MaxWatchedRuns</c>: a run above that is not watched, and that is reported. Safe from any thread; its lock guards the
/// table and the holders, and nothing is called under it.
/// </summary>
internal sealed class RunRegistry
{
    private readonly Lock _gate = new();
    private readonly Dictionary<RunKey, RunLife> _flows = [];
    private readonly FailureReporter _failures;
    private readonly RunLimits _limits;
    private readonly TimeProvider _time;
    private readonly FailureDigest _unwatched;

    public RunRegistry(FailureReporter failures, RunLimits limits, TimeProvider time)
    {
        (_failures, _limits, _time) = (failures, limits, time);
        _unwatched = new FailureDigest(time, (count, what, _) => failures.Report(new Failure(FailureCode.ResourceExhausted, "watch runs", $"{count} runs are not watched: {what}")));
    }

    /// <summary>How many runs are open, as far as the monitor knows.</summary>
    public int OpenCount
    {
        get
        {
            lock (_gate)
            {
                return _flows.Values.Count(static flow => flow is { HasBegun: true, HasEnded: false });
            }
        }
    }

    /// <summary>Takes a run into a hand; to be given back with <see cref="Leave"/>.</summary>
    /// <param name="key">The run.</param>
    /// <param name="events">How many events it has already.</param>
    /// <param name="hasEnded">Whether it has ended.</param>
    /// <param name="agentName">The agent, if it is known.</param>
    public RunLife Enter(RunKey key, long events, bool hasEnded, string? agentName)
    {
        RunLife? flow;
        bool isNew;
        var isUnwatched = false;
        lock (_gate)
        {
            isNew = !_flows.TryGetValue(key, out flow);
            if (isNew)
            {
                flow = new RunLife(key);
                isUnwatched = _flows.Count >= _limits.MaxWatched && IsWatched(key);
                if (!isUnwatched && IsWatched(key))
                {
                    _flows.Add(key, flow);
                }
            }

            flow!.Holders++;
        }

        if (isNew && hasEnded)
        {
            flow.End();
        }
        else if (isNew && events > 0)
        {
            flow.Adopt(agentName, _time.GetUtcNow().UtcTicks);
        }

        if (isUnwatched)
        {
            _unwatched.Add($"{_limits.MaxWatched} are open, which is the limit (Netra:Monitoring:MaxWatchedRuns)");
        }

        return flow;
    }

    public void Leave(RunLife flow)
    {
        lock (_gate)
        {
            flow.Holders--;
            Forget(flow);
        }
    }

    /// <summary>Takes up a run that was open when the last process ended; it gets a new lease.</summary>
    public void Adopt(OpenRun run) => Leave(Enter(new RunKey(run.UserId, run.ThreadId, run.RunId), events: 1, hasEnded: false, run.AgentName));

    /// <summary>For how long a run may say nothing.</summary>
    public TimeSpan LeaseOf(RunLife flow) => TimeSpan.FromTicks(flow.LeaseOr(_limits.Lease.Ticks));

    /// <summary>A lifecycle event of a run was accepted. What is wrong with it is reported.</summary>
    public void OnEvent(RunLife flow, UserExecutionContext context, EventType type, in EventSubject subject, long now)
    {
        if (flow.OnEvent(type, subject, now) is var violation and not FlowViolation.None && _limits.AreWatched && IsWatched(flow.Key))
        {
            _failures.Report(Failure.In(FailureCode.FlowViolation, context.ScopeOf("watch runs"), Describe(violation, type, subject)));
        }
    }

    /// <summary>The flows at this moment.</summary>
    public IReadOnlyList<RunLife> Flows()
    {
        lock (_gate)
        {
            return [.. _flows.Values];
        }
    }

    /// <summary>Forgets what has ended and nobody holds. Called by a loop.</summary>
    public void Sweep()
    {
        foreach (var flow in Flows())
        {
            lock (_gate)
            {
                Forget(flow);
            }
        }

        _unwatched.TellIfDue();
    }

    // The system's own runs are watched by whoever starts them.
    private static bool IsWatched(RunKey key) => !IdentifierRules.IsReserved(key.UserId);

    private static string Describe(FlowViolation violation, EventType type, in EventSubject subject) => violation switch
    {
        FlowViolation.NotStarted => $"{EventTypes.WireName(type)} came before agent_started",
        FlowViolation.StartedTwice => "agent_started came twice",
        FlowViolation.CallIdInUse => $"tool_executing of {subject.Name} came under call id '{subject.CallId}', which is open",
        FlowViolation.ToolNotExecuting => $"tool_completed of {subject.Name} came without its tool_executing",
        FlowViolation.ToolNotCompleted => $"{EventTypes.WireName(type)} came while tools were running",
        _ => throw new ArgumentOutOfRangeException(nameof(violation), violation, "not a violation"),
    };

    private void Forget(RunLife flow)
    {
        if (flow.Holders == 0 && (flow.HasEnded || !flow.HasBegun) && _flows.TryGetValue(flow.Key, out var known) && known == flow)
        {
            _flows.Remove(flow.Key);
        }
    }
}

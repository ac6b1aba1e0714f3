using Microsoft.Extensions.DependencyInjection;
using Netra.Pipeline.Agents;
using Netra.Pipeline.Failures;
using Netra.Pipeline.Runs;
using Netra.Pipeline.Tests.Infrastructure;

namespace Netra.Pipeline.Tests.Monitoring.Faults;

/// <summary>What goes wrong where events are emitted: contexts, agents, tools, delegation.</summary>
internal static class EmissionFaults
{
    public static IEnumerable<Fault> All()
    {
        yield return new(
            "event_without_context", "S0, S3", "An emitter is asked for without a user, a thread and a run", "context_missing",
            static bench =>
                FaultBench.RaisesAsync(async () => await bench.Pipeline.Emitters.CreateEmitterAsync(null!)))
        {
            Code = FailureCode.ContextMissing,
        };
        yield return new(
            "tool_without_context", "S3, S4", "An agent, with its tools, is run without a context", "silent_failures",
            static bench =>
                FaultBench.RaisesAsync(() => bench.Pipeline.Runner.RunAsync("scripted", "?", null!)))
        {
            Code = FailureCode.ContextMissing,
            Label = "no_context",
        };
        yield return new(
            "bridge_unavailable", "S0, S2, S3", "An event is emitted while the bridge has failed", "silent_failures",
            static async bench =>
            {
                bench.Log.AppendFault = static user => user.StartsWith('$') ? new IOException("the disk is gone") : null;
                bench.Pipeline.Bridge.Fail("a fault of the test");
                await FaultBench.RaisesAsync(async () => await bench.Pipeline.EmitterOfAsync("ada"));
            })
        {
            Code = FailureCode.BridgeUnavailable,
            Label = "no_bridge",
            Heal = static bench => Do(() => bench.Log.AppendFault = static _ => null),
            Recovery = 140,
        };
        yield return new(
            "bridge_failed", "S3", "The bridge fails while the server runs; remediation initializes it anew", "bridge_failures",
            static bench =>
            {
                bench.Log.AppendFault = static user => user.StartsWith('$') ? new IOException("the disk is gone") : null;
                bench.Pipeline.Bridge.Fail("a fault of the test");
                return Task.CompletedTask;
            })
        {
            Heal = static bench => Do(() => bench.Log.AppendFault = static _ => null),
            Recovery = 200,
        };
        yield return new("delegate_fails", "S2", "An agent that another one calls fails", "agent_communication", static bench =>
        {
            bench.Scripts.Delegate = static (_, _) => throw new InvalidOperationException("no answer");
            bench.Scripts.Agent = static (execution, ct) => Delegating(execution, ct);
            return FaultBench.RaisesAsync(() => Run(bench));
        })
        {
            Code = FailureCode.AgentCommunication,
        };
        yield return new("too_many_runs", "+", "More runs are asked for than may be open", "agent_communication", static async bench =>
        {
            bench.Scripts.Agent = static (_, ct) => Hanging(ct);
            _ = bench.Pipeline.Runner.Start("scripted", "?", bench.Pipeline.Contexts.Create("ada", "t1", "r1"));
            await FaultBench.RaisesAsync(
                () => bench.Pipeline.Runner.RunAsync("scripted", "?", bench.Pipeline.Contexts.Create("ada", "t1", "r2")));
        })
        {
            Code = FailureCode.AgentCommunication,
            Settings =
            [
                ("Netra:Agents:MaxOpenRuns", "1"),
                ("Netra:Monitoring:HealthCheckInterval", "01:00:00"),
                ("Netra:Monitoring:RunLease", "01:00:00"),
                ("Netra:Monitoring:MaxRunSilence", "02:00:00"),
            ],
        };
        yield return new("agent_hangs", "S3, P21", "An agent inside the server says nothing any more", "stalled_runs", static async bench =>
        {
            bench.Scripts.Agent = static (_, ct) => Hanging(ct);
            _ = bench.Pipeline.Runner.Start("scripted", "?", bench.Pipeline.Contexts.Create("ada", "t1", "r1"));
            var runs = bench.Host.Services.GetRequiredService<RunRegistry>();
            await Eventually.BecomesTrueAsync(
                () => runs.Lives().Any(static run => run is { HasBegun: true, Key.UserKey: "ada" }), "the agent has started");
        })
        {
            Code = FailureCode.RunStalled,
            Window = 62,
            Heal = static bench => Do(() => bench.Pipeline.Runner.CancelRun("ada", "t1", "r1")),
        };
    }

    private static Task<string> Run(FaultBench bench)
        => bench.Pipeline.Runner.RunAsync("scripted", "?", bench.Pipeline.Contexts.Create("ada", "t1", "r1"));

    private static async IAsyncEnumerable<string> Delegating(
        AgentExecution execution, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken ct)
    {
        yield return await execution.DelegateAsync("helper", "?", ct: ct);
    }

    private static async IAsyncEnumerable<string> Hanging([System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken ct)
    {
        await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, ct);
        yield return string.Empty;
    }

    private static Task Do(Action action)
    {
        action();
        return Task.CompletedTask;
    }
}

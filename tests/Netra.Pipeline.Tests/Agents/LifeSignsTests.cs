using System.Runtime.CompilerServices;
using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;
using Netra.Pipeline.Agents;
using Netra.Pipeline.Contexts;
using Netra.Pipeline.Delivery;
using Netra.Pipeline.Failures;
using Netra.Pipeline.Tests.Infrastructure;
using Netra.Pipeline.Tests.Monitoring;

namespace Netra.Pipeline.Tests.Agents;

/// <summary>Spec M9: agents and tools in the process say that they are alive, or that they wait; in virtual time.</summary>
[TestFixture]
[Parallelizable(ParallelScope.All)]
internal sealed class LifeSignsTests
{
    [Test]
    public async Task Heartbeat_AgentThatIsLong_IsNeitherStalledNorEnded()
    {
        var release = new TaskCompletionSource();
        await using var host = await StartAsync();
        AgentExecution? execution = null;
        host.Services.GetRequiredService<Scripts>().Agent = (given, ct) => HoldAsync(() => execution = given, release.Task, ct);
        var run = Start(host);
        await Eventually.BecomesTrueAsync(() => Volatile.Read(ref execution) is not null, "the agent runs");

        for (var i = 0; i < 25; i++)
        {
            await host.PassAsync(50);
            Assert.That(execution!.Heartbeat(), Is.EqualTo(TimeSpan.FromMinutes(1)));
        }

        release.SetResult();
        await run.Completion;
        Assert.That(host.Pipeline.Failures.Total, Is.Zero);
    }

    [Test]
    public async Task WaitUntil_ToolThatAsksAHuman_IsNeitherStuckNorStalled()
    {
        var (release, waits) = (new TaskCompletionSource(), new TaskCompletionSource<TimeSpan>());
        await using var host = await StartAsync();
        var scripts = host.Services.GetRequiredService<Scripts>();
        scripts.Tool = async (invocation, ct) =>
        {
            waits.SetResult(await invocation.WaitUntilAsync(host.Time.GetUtcNow().AddHours(1), ct));
            await release.Task;
            return JsonValue.Create("yes");
        };
        scripts.Agent = CallAsync;
        var run = Start(host);

        Assert.That(await waits.Task, Is.EqualTo(TimeSpan.FromMinutes(61)).Within(TimeSpan.FromSeconds(1)));
        await host.PassAsync(1800);
        Assert.That(
            (host.Services.GetRequiredService<QuietRuns>().StaleCount, host.Services.GetRequiredService<QuietRuns>().Stuck.Count),
            Is.EqualTo((0, 0)));
        release.SetResult();
        await run.Completion;
        Assert.That(host.Pipeline.Failures.Total, Is.Zero);
    }

    [Test]
    public async Task Delegate_TakesLong_ItsParentIsNotSilentMeanwhile()
    {
        var release = new TaskCompletionSource();
        await using var host = await StartAsync();
        var scripts = host.Services.GetRequiredService<Scripts>();
        AgentExecution? delegated = null;
        scripts.Delegate = (given, ct) => HoldAsync(() => delegated = given, release.Task, ct);
        scripts.Agent = DelegateAsync;
        var run = Start(host);
        await Eventually.BecomesTrueAsync(() => Volatile.Read(ref delegated) is not null, "the other agent runs");

        for (var i = 0; i < 25; i++)
        {
            await host.PassAsync(50);
            delegated!.Heartbeat();
        }

        release.SetResult();
        await run.Completion;
        Assert.That(host.Pipeline.Failures.Total, Is.Zero);
    }

    [Test]
    public async Task Silence_OfAnAgentThatSaysNothing_EndsItsRun()
    {
        var begun = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var host = await StartAsync();
        host.Services.GetRequiredService<Scripts>().Agent = (_, ct) =>
            HoldAsync(begun.SetResult, Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, ct), ct);
        var run = Start(host);
        await begun.Task.WaitAsync(AgentHost.Patience);
        await host.PassAsync(905);

        Assert.That(async () => await run.Completion, Throws.InstanceOf<OperationCanceledException>());
        Assert.That(
            host.Pipeline.Failures.Latest(10).Select(static f => f.Code),
            Is.EqualTo(new[] { FailureCode.LeaseExpired, FailureCode.RunStalled }));
    }

    [Test]
    public async Task Invocation_ThatATestDescribes_HasNoRunToRenew()
    {
        var invocation = new ToolInvocation("echo", "c1", [], new UserExecutionContextFactory(null!).CreateSystem("test"));

        Assert.That(invocation.Heartbeat(), Is.EqualTo(TimeSpan.MaxValue));
        Assert.That(await invocation.WaitUntilAsync(DateTimeOffset.MaxValue), Is.EqualTo(TimeSpan.MaxValue));
    }

    private static Task<MonitoredHost> StartAsync() => MonitoredHost.StartAsync(static pipeline =>
    {
        pipeline.Services.AddSingleton<Scripts>();
        pipeline.AddAgent<ScriptedAgent>().AddAgent<ScriptedDelegate>().AddTool<ScriptedTool>();
    });

    private static AgentRun Start(MonitoredHost host)
        => host.Pipeline.Runner.Start("scripted", "What?", host.Pipeline.Contexts.Create("ada", "t1", "r1"));

    private static async IAsyncEnumerable<string> HoldAsync(
        Action begun, Task until, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        begun();
        await until.WaitAsync(cancellationToken);
        yield return "done";
    }

    private static async IAsyncEnumerable<string> CallAsync(
        AgentExecution execution, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await execution.Tools.CallToolAsync("echo", [], cancellationToken);
        yield return "done";
    }

    private static async IAsyncEnumerable<string> DelegateAsync(
        AgentExecution execution, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        yield return await execution.DelegateAsync("helper", "And?", cancellationToken);
    }
}

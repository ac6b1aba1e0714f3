using Netra.Pipeline.Agents;
using Netra.Pipeline.Failures;
using Netra.Pipeline.Protocol;
using Netra.Pipeline.Tests.Infrastructure;

namespace Netra.Pipeline.Tests.Agents;

/// <summary>Runs in the background, their cancellation, and what refuses them.</summary>
[Parallelizable(ParallelScope.All)]
internal sealed class AgentRunnerStartTests
{
    [Test]
    public async Task Resume_NextAttempt_GoesOnWithTheOpenRun()
    {
        await using var host = await AgentHost.StartAsync();
        await using var first = await host.Host.EmitterOfAsync("ada");
        await first.AgentStartedAsync("scripted");
        await first.TokenAsync("Hal");
        var attempt = 0;
        host.Scripts.Agent = (execution, ct) =>
        {
            attempt = execution.Attempt;
            return Scripts.Say(ct);
        };

        var run = host.Runner.Resume("scripted", "What?", host.Context(), data: null, attempt: 2);
        await run.Completion;

        var events = await host.EventsAsync();
        Assert.That(attempt, Is.EqualTo(2));
        Assert.That(events.Select(static e => e.Attempt), Is.EqualTo(new[] { 1, 1, 2, 2, 2, 2 }));
        Assert.That(events[2].Data.GetProperty("attempt").GetInt32(), Is.EqualTo(2));
        Assert.That(events[^1].Run, Is.EqualTo(new RunSummary(4, 3, 6)));
    }

    [Test]
    public async Task Start_Run_GoesOnInTheBackground()
    {
        await using var host = await AgentHost.StartAsync();

        var run = host.Runner.Start("scripted", "What?", host.Context());
        await run.Completion.WaitAsync(AgentHost.Patience);

        Assert.That(run.RunId, Is.EqualTo("r1"));
        Assert.That(await host.StoryAsync(), Is.EqualTo(new[] { "agent_started", "token Hel", "token lo", "agent_completed" }));
    }

    [Test]
    public async Task Start_AgentThrows_FailsTheCompletionAndIsReported()
    {
        await using var host = await AgentHost.StartAsync();
        host.Scripts.Agent = (_, _) => throw new FormatException("broken");

        var run = host.Runner.Start("scripted", "What?", host.Context());

        Assert.That(async () => await run.Completion.WaitAsync(AgentHost.Patience), Throws.TypeOf<FormatException>());
        Assert.That(host.Reported, Is.EqualTo(new[] { "agent_failed in RunAgent" }));
    }

    [Test]
    public async Task Start_CancelledBeforeItBegan_IsToldFromStartedToCancelled()
    {
        await using var host = await AgentHost.StartAsync();
        var runs = Enumerable.Range(0, 20)
            .Select(number => host.Runner.Start("scripted", "What?", host.Context("ada", $"r{number}")))
            .ToList();

        runs.ForEach(run => run.Cancel("never mind"));
        await Task.WhenAll(runs.Select(run => run.Completion.ContinueWith(_ => { }, TaskScheduler.Default))).WaitAsync(AgentHost.Patience);

        var byRun = (await host.EventsAsync()).GroupBy(message => message.RunId).ToList();
        Assert.Multiple(() =>
        {
            Assert.That(byRun, Has.Count.EqualTo(20));
            Assert.That(byRun.Select(run => run.First().Type), Is.All.EqualTo("agent_started"));
            Assert.That(byRun.Select(run => run.Count(message => EventTypes.IsTerminal(message.EventType!.Value))), Is.All.EqualTo(1));
            Assert.That(byRun.Select(run => EventTypes.IsTerminal(run.Last().EventType!.Value)), Is.All.True);
        });
    }

    [Test]
    public async Task CancelRun_OpenRun_IsToldWithTheReason()
    {
        await using var host = await AgentHost.StartAsync();
        host.Scripts.Agent = WaitForEver;
        var run = host.Runner.Start("scripted", "What?", host.Context());

        Assert.That(host.Runner.CancelRun("ada", "t1", "r1", "I know enough"), Is.EqualTo(CancelRunResult.Requested));
        Assert.That(async () => await run.Completion.WaitAsync(AgentHost.Patience), Throws.InstanceOf<OperationCanceledException>());

        Assert.That(run.Completion.IsCanceled, Is.True);
        Assert.That(await host.StoryAsync(), Is.EqualTo(new[] { "agent_started", "agent_cancelled I know enough" }));
        Assert.That(host.Runner.CancelRun("ada", "t1", "r1"), Is.EqualTo(CancelRunResult.Unknown));
    }

    [TestCase("bob", "t1", "r1")]
    [TestCase("ada", "t2", "r1")]
    [TestCase("ada", "t1", "r2")]
    public async Task CancelRun_OfAnotherUserThreadOrId_IsUnknownAndTheRunGoesOn(string userId, string threadId, string runId)
    {
        await using var host = await AgentHost.StartAsync();
        var release = new TaskCompletionSource();
        host.Scripts.Agent = (_, _) => WaitFor(release.Task);
        var run = host.Runner.Start("scripted", "What?", host.Context());

        Assert.That(host.Runner.CancelRun(userId, threadId, runId), Is.EqualTo(CancelRunResult.Unknown));
        release.SetResult();
        await run.Completion.WaitAsync(AgentHost.Patience);

        Assert.That(await host.StoryAsync(), Is.EqualTo(new[] { "agent_started", "token done", "agent_completed" }));
    }

    [Test]
    public async Task Start_AboveTheLimitOfOpenRuns_IsRefusedByName()
    {
        await using var host = await AgentHost.StartAsync(("Netra:Agents:MaxOpenRuns", "2"));
        host.Scripts.Agent = WaitForEver;
        host.Runner.Start("scripted", "What?", host.Context("ada", "r1"));
        host.Runner.Start("scripted", "What?", host.Context("ada", "r2"));

        Assert.That(
            () => host.Runner.Start("scripted", "What?", host.Context("ada", "r3")),
            Throws.TypeOf<AgentCommunicationException>().With.Message.Contains("2 runs are open")
                .And.Message.Contains("Netra:Agents:MaxOpenRuns"));

        Assert.That(host.Reported, Is.EqualTo(new[] { "agent_communication in RunAgent" }));
        Assert.That((host.Runner.OpenRunCount, host.Host.Bridge.OpenRuns), Is.EqualTo((2, 2)));
    }

    [Test]
    public async Task Start_RunIdThatIsOpen_IsRefusedAndLeavesTheFirstAlone()
    {
        await using var host = await AgentHost.StartAsync();
        host.Scripts.Agent = WaitForEver;
        host.Runner.Start("scripted", "What?", host.Context());

        Assert.That(
            () => host.Runner.Start("scripted", "What?", host.Context()),
            Throws.TypeOf<ContextValidationException>().With.Message.Contains("open already"));
        Assert.That(async () => await host.RunAsync(), Throws.TypeOf<ContextValidationException>());

        Assert.That((host.Runner.OpenRunCount, host.Host.Bridge.OpenRuns), Is.EqualTo((1, 1)));
        Assert.That(host.Runner.CancelRun("ada", "t1", "r1"), Is.EqualTo(CancelRunResult.Requested));
    }

    [Test]
    public async Task Drain_PatienceIsOver_CancelsOpenRunsAndRefusesNewOnes()
    {
        await using var host = await AgentHost.StartAsync();
        await using var page = await TestClient.ConnectAsync(host.Host.SocketAddress("ada"));
        host.Scripts.Agent = WaitForEver;
        var run = host.Runner.Start("scripted", "What?", host.Context());
        await page.ReadEventsAsync(1);

        var drained = host.Host.Bridge.BeginDraining();
        Assert.That(() => host.Runner.Start("scripted", "What?", host.Context("ada", "r2")), Throws.TypeOf<BridgeUnavailableException>());
        await host.Host.Bridge.CancelRunsAsync();

        Assert.That(async () => await run.Completion.WaitAsync(AgentHost.Patience), Throws.InstanceOf<OperationCanceledException>());
        await drained.WaitAsync(AgentHost.Patience);
        Assert.That((await page.ReadEventsAsync(1))[0].Data.GetProperty("reason").GetString(), Is.EqualTo("the server stops"));
        Assert.That(host.Reported, Is.EqualTo(new[] { "draining in RunAgent" }));
    }

    [Test]
    public async Task Drain_OpenRunDelegates_MayStillDoSo()
    {
        await using var host = await AgentHost.StartAsync();
        await using var page = await TestClient.ConnectAsync(host.Host.SocketAddress("ada"));
        var release = new TaskCompletionSource();
        host.Scripts.Agent = (execution, ct) => DelegateAfter(release.Task, execution, ct);
        var run = host.Runner.Start("scripted", "What?", host.Context());
        await page.ReadEventsAsync(1);

        var drained = host.Host.Bridge.BeginDraining();
        release.SetResult();

        await run.Completion.WaitAsync(AgentHost.Patience);
        await drained.WaitAsync(AgentHost.Patience);
    }

    private static async IAsyncEnumerable<string> DelegateAfter(
        Task release,
        AgentExecution execution,
        [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await release;
        yield return await execution.DelegateAsync("helper", "And?", cancellationToken);
    }

    private static async IAsyncEnumerable<string> WaitForEver(
        AgentExecution execution, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, cancellationToken);
        yield return "never";
    }

    private static async IAsyncEnumerable<string> WaitFor(Task task)
    {
        await task;
        yield return "done";
    }
}

using System.Runtime.CompilerServices;
using System.Text.Json.Nodes;
using Netra.Pipeline.Agents;
using Netra.Pipeline.Failures;
using Netra.Pipeline.Protocol;

namespace Netra.Pipeline.Tests.Agents;

/// <summary>One agent calls another: a run of its own in the same thread, whose failure is the caller's to raise and to show.</summary>
[Parallelizable(ParallelScope.All)]
internal sealed class DelegationTests
{
    [Test]
    public async Task Delegate_OtherAgentReturns_IsARunOfItsOwnInTheSameThread()
    {
        await using var host = await AgentHost.StartAsync();
        AgentExecution? seen = null;
        host.Scripts.Agent = (execution, ct) => Ask(execution, ct, new JsonObject { ["depth"] = 2 });
        host.Scripts.Delegate = (execution, ct) =>
        {
            seen = execution;
            return Scripts.Say(ct);
        };

        Assert.That(await host.RunAsync(), Is.EqualTo("Hello!"));

        var events = await host.EventsAsync();
        var child = events.Where(message => message.RunId != "r1").ToList();
        Assert.Multiple(() =>
        {
            Assert.That(events.Select(message => message.Type), Is.EqualTo(new[]
            {
                "agent_started", "agent_started", "token", "token", "agent_completed", "token", "agent_completed",
            }));
            Assert.That(child.Select(message => message.Type), Is.EqualTo(new[] { "agent_started", "token", "token", "agent_completed" }));
            Assert.That(child.Select(message => message.RunId).Distinct().ToList(), Has.Count.EqualTo(1));
            Assert.That(child.Select(message => message.ThreadId), Is.All.EqualTo("t1"));
            Assert.That(child[0].Data.GetProperty("parent_run_id").GetString(), Is.EqualTo("r1"));
            Assert.That(child[0].Data.GetProperty("agent_name").GetString(), Is.EqualTo("helper"));
            Assert.That((seen!.Input, (int)seen.Data!["depth"]!, seen.Context.UserId), Is.EqualTo(("And?", 2, "ada")));
            Assert.That(host.Runner.OpenRunCount, Is.Zero);
        });
    }

    [Test]
    public async Task Delegate_OtherAgentFails_RaisesAndIsShownInTheCallersRun()
    {
        await using var host = await AgentHost.StartAsync();
        host.Scripts.Agent = (execution, ct) => Ask(execution, ct);
        host.Scripts.Delegate = (_, _) => throw new FormatException("broken");

        var raised = Assert.ThrowsAsync<AgentCommunicationException>(async () => await host.RunAsync());

        var failures = host.Host.Failures.Latest(10);
        Assert.Multiple(() =>
        {
            Assert.That(
                (raised!.FromAgent, raised.ToAgent, raised.Reason, raised.RunId), Is.EqualTo(("scripted", "helper", "broken", "r1")));
            Assert.That(raised.InnerException, Is.TypeOf<FormatException>());
            Assert.That(host.Reported, Is.EqualTo(new[] { "agent_failed in RunAgent", "agent_communication in Delegate" }));
            Assert.That(failures[0].RunId, Is.EqualTo("r1"));
            Assert.That(failures[1].RunId, Is.Not.EqualTo("r1"));
        });
        Assert.That(await host.StoryAsync(), Is.EqualTo(new[]
        {
            "agent_started", "agent_started", "agent_failed agent_failed", "agent_failed agent_communication",
        }));
        Assert.That(host.Host.Logs.Logs, Has.Some.Property("Message").StartsWith("AGENT COMMUNICATION FAILURE:"));
    }

    [Test]
    public async Task Delegate_OtherAgentFailsAndTheCallerGoesOn_TheRunCompletes()
    {
        await using var host = await AgentHost.StartAsync();
        host.Scripts.Agent = AskAndForgive;
        host.Scripts.Delegate = (_, _) => throw new FormatException("broken");

        Assert.That(await host.RunAsync(), Is.EqualTo("AgentCommunication"));
        Assert.That(await host.StoryAsync(), Does.Contain("agent_completed"));
    }

    [Test]
    public async Task Delegate_UnknownAgent_IsRaisedAndNamesThoseThereAre()
    {
        await using var host = await AgentHost.StartAsync();
        host.Scripts.Agent = (execution, ct) => Ask(execution, ct, agent: "nobody");

        Assert.That(
            async () => await host.RunAsync(),
            Throws.TypeOf<AgentCommunicationException>().With.Property("Code").EqualTo(FailureCode.AgentUnknown)
                .And.Property("FromAgent").EqualTo("scripted").And.Message.Contains("helper"));

        Assert.That(host.Reported, Is.EqualTo(new[] { "agent_unknown in Delegate" }));
        Assert.That(await host.StoryAsync(), Is.EqualTo(new[] { "agent_started", "agent_failed agent_unknown" }));
    }

    [Test]
    public async Task Delegate_InACircle_EndsAtTheDepthLimit()
    {
        await using var host = await AgentHost.StartAsync(("Netra:Agents:MaxDelegationDepth", "3"));
        host.Scripts.Agent = (execution, ct) => Ask(execution, ct);
        host.Scripts.Delegate = (execution, ct) => Ask(execution, ct, agent: "scripted");

        var raised = Assert.ThrowsAsync<AgentCommunicationException>(async () => await host.RunAsync());

        var deepest = raised as Exception;
        while (deepest!.InnerException is not null)
        {
            deepest = deepest.InnerException;
        }

        Assert.That(deepest.Message, Does.Contain("3 deep").And.Contain("Netra:Agents:MaxDelegationDepth"));
        var story = await host.StoryAsync();
        Assert.That(story.Count(type => type == "agent_started"), Is.EqualTo(4));
        Assert.That(story.Count(type => type == "agent_failed agent_communication"), Is.EqualTo(4));
        Assert.That(host.Runner.OpenRunCount, Is.Zero);
    }

    [Test]
    public async Task Delegate_CallersRunIsCancelled_BothAreToldAsCancelledTheInnerFirst()
    {
        await using var host = await AgentHost.StartAsync();
        host.Scripts.Agent = (execution, ct) => Ask(execution, ct);
        host.Scripts.Delegate = (_, ct) => CancelAndWait(() => host.Runner.CancelRun("ada", "t1", "r1", "enough"), ct);

        Assert.That(async () => await host.RunAsync(), Throws.InstanceOf<OperationCanceledException>());

        var ends = (await host.EventsAsync()).Where(message => message.EventType == EventType.AgentCancelled).ToList();
        Assert.That(ends.Select(message => message.RunId == "r1"), Is.EqualTo(new[] { false, true }));
        Assert.That(ends[0].Data.GetProperty("reason").GetString(), Does.Contain("run r1 of scripted"));
        Assert.That(ends[1].Data.GetProperty("reason").GetString(), Is.EqualTo("enough"));
        Assert.That(host.Reported, Is.Empty);
    }

    [Test]
    public async Task Delegate_OnlyTheInnerRunIsCancelled_RaisesInTheCallersRun()
    {
        await using var host = await AgentHost.StartAsync();
        host.Scripts.Agent = AskAndForgive;
        host.Scripts.Delegate = (execution, ct) =>
            CancelAndWait(() => host.Runner.CancelRun("ada", "t1", execution.Context.RunId, "not this"), ct);

        Assert.That(await host.RunAsync(), Is.EqualTo("AgentCommunication"));

        Assert.That(await host.StoryAsync(), Is.EqualTo(new[]
        {
            "agent_started", "agent_started", "agent_cancelled not this", "token AgentCommunication", "agent_completed",
        }));
        Assert.That(host.Reported, Is.EqualTo(new[] { "agent_communication in Delegate" }));
    }

    [Test]
    public async Task Delegate_LimitOfOpenRuns_CountsDelegatedOnes()
    {
        await using var host = await AgentHost.StartAsync(("Netra:Agents:MaxOpenRuns", "1"));
        host.Scripts.Agent = AskAndForgive;

        Assert.That(await host.RunAsync(), Is.EqualTo("AgentCommunication"));
        Assert.That(host.Runner.OpenRunCount, Is.Zero);
    }

    private static async IAsyncEnumerable<string> Ask(
        AgentExecution execution,
        [EnumeratorCancellation] CancellationToken cancellationToken,
        JsonNode? data = null,
        string agent = "helper")
    {
        yield return await execution.DelegateAsync(agent, "And?", data, cancellationToken) + "!";
    }

    private static async IAsyncEnumerable<string> AskAndForgive(
        AgentExecution execution, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        string told;
        try
        {
            told = await execution.DelegateAsync("helper", "And?", cancellationToken);
        }
        catch (AgentCommunicationException failure)
        {
            told = failure.Code.ToString();
        }

        yield return told;
    }

    private static async IAsyncEnumerable<string> CancelAndWait(Action cancel, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        cancel();
        await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, cancellationToken);
        yield return "never";
    }
}

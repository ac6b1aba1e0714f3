using System.Diagnostics;
using System.Runtime.CompilerServices;
using Netra.Pipeline.Agents;
using Netra.Pipeline.Diagnostics;
using Netra.Pipeline.Tests.Agents;
using Netra.Pipeline.Tests.Infrastructure;

namespace Netra.Pipeline.Tests.Emission;

/// <summary>The spans of runs, tools and acknowledgements, as a listener in the process sees them.</summary>
[TestFixture]
[Parallelizable(ParallelScope.All)]
internal sealed class PipelineSpansTests
{
    [Test]
    public async Task Run_Completes_IsCurrentForTheAgentAlone()
    {
        var run = NewRun();
        using var spans = Recorder(run);
        await using var host = await AgentHost.StartAsync();
        var seen = new List<string?>();
        host.Scripts.Agent = (_, ct) => Note(ct);
        var callers = new List<Activity?>();

        await foreach (var piece in host.Runner.StreamAsync("scripted", "What?", host.Context(runId: run)))
        {
            callers.Add(Activity.Current);
        }

        var span = spans.Single("invoke_agent scripted");
        Assert.Multiple(() =>
        {
            Assert.That(seen, Has.Count.EqualTo(3).And.All.EqualTo(span.Id));
            Assert.That(callers, Has.Count.EqualTo(2).And.All.Null);
            Assert.That(
                (span.Kind, span.Status, span.GetTagItem("netra.outcome"), span.GetTagItem("error.type")),
                Is.EqualTo((ActivityKind.Internal, ActivityStatusCode.Unset, (object)"completed", (object?)null)));
            Assert.That(span.GetTagItem("enduser.id"), Is.Null);
        });
        Assert.That((await host.EventsAsync()).Select(static message => message.TraceParent), Is.All.EqualTo(span.Id));

        async IAsyncEnumerable<string> Note([EnumeratorCancellation] CancellationToken cancellationToken)
        {
            seen.Add(Activity.Current?.Id);
            yield return "a";
            await Task.Yield();
            seen.Add(Activity.Current?.Id);
            yield return "b";
            seen.Add(Activity.Current?.Id);
        }
    }

    [Test]
    public async Task Run_OfACallersTrace_IsItsChild()
    {
        var run = NewRun();
        using var spans = Recorder(run);
        await using var host = await AgentHost.StartAsync();
        const string Caller = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

        await host.Runner.RunAsync("scripted", "What?", host.Host.Contexts.Create("ada", "t1", run, trace: new TraceContext(Caller)));

        Assert.That(spans.Single("invoke_agent scripted").ParentId, Is.EqualTo(Caller));
    }

    [Test]
    public async Task Run_ItsToolFails_BothHaveFailed()
    {
        var run = NewRun();
        using var spans = Recorder(run);
        await using var host = await AgentHost.StartAsync();
        host.Scripts.Agent = static (execution, ct) => Call(execution, ct);
        host.Scripts.Tool = static (_, _) => throw new FormatException("broken");

        Assert.ThrowsAsync<FormatException>(() => host.Runner.RunAsync("scripted", "What?", host.Context(runId: run)));

        var (agent, tool) = (spans.Single("invoke_agent scripted"), spans.Single("execute_tool echo"));
        Assert.Multiple(() =>
        {
            Assert.That(
                (tool.ParentSpanId, tool.Status, tool.GetTagItem("error.type")),
                Is.EqualTo((agent.SpanId, ActivityStatusCode.Error, (object)"tool_failed")));
            Assert.That(
                (agent.Status, agent.StatusDescription, agent.GetTagItem("error.type"), agent.GetTagItem("netra.outcome")),
                Is.EqualTo((ActivityStatusCode.Error, "broken", (object)"agent_failed", (object)"failed")));
        });

        static async IAsyncEnumerable<string> Call(AgentExecution execution, [EnumeratorCancellation] CancellationToken cancellationToken)
        {
            await execution.Tools.CallToolAsync("echo", [], cancellationToken);
            yield return "never";
        }
    }

    [Test]
    public async Task Run_Delegated_IsAChildOfTheRunThatDelegates()
    {
        var thread = NewRun();
        using var spans = new SpanRecorder(span => (string?)span.GetTagItem("gen_ai.conversation.id") == thread);
        await using var host = await AgentHost.StartAsync();
        host.Scripts.Agent = static (execution, ct) => Ask(execution, ct);

        await host.Runner.RunAsync("scripted", "What?", host.Host.Contexts.Create("ada", thread, "r1"));

        Assert.That(spans.Single("invoke_agent helper").ParentSpanId, Is.EqualTo(spans.Single("invoke_agent scripted").SpanId));

        static async IAsyncEnumerable<string> Ask(AgentExecution execution, [EnumeratorCancellation] CancellationToken cancellationToken)
        {
            yield return await execution.DelegateAsync("helper", "And?", cancellationToken);
        }
    }

    [Test]
    public async Task RunsEnd_AcknowledgedByTheCursorOfANewConnection_IsSettled()
    {
        var run = NewRun();
        using var spans = Recorder(run);
        await using var host = await AgentHost.StartAsync(("Netra:Telemetry:IncludeUserIds", "true"));
        await using var page = await TestClient.ConnectAsync(host.Host.SocketAddress("ada"));
        await host.Runner.RunAsync("scripted", "What?", host.Context(runId: run));
        var events = await page.ReadEventsAsync(4);
        await page.CloseAsync();
        Assert.That(spans.Spans, Has.Count.EqualTo(1), "nobody has acknowledged");

        await using var back = await TestClient.ConnectAsync(
            host.Host.SocketAddress("ada", $"&epoch={page.Welcome.Epoch}&seq={events[^1].Seq}&from={page.Welcome.From}"));

        await Eventually.BecomesTrueAsync(() => spans.Spans.Count == 2, "the acknowledgement has its span");
        var (agent, settled) = (spans.Single("invoke_agent scripted"), spans.Single("settle users/{user_id}"));
        Assert.That(
            (settled.Kind, settled.Links.Single().Context.SpanId, settled.GetTagItem("messaging.message.id")),
            Is.EqualTo((ActivityKind.Client, agent.SpanId, (object)events[^1].Id)));
        Assert.That(
            (settled.GetTagItem("enduser.id"), agent.GetTagItem("enduser.id")), Is.EqualTo(((object)"ada", (object)"ada")), "asked for");
    }

    private static string NewRun() => $"run-{Guid.NewGuid():N}";

    private static SpanRecorder Recorder(string run) => new(span => (string?)span.GetTagItem("netra.run.id") == run);
}

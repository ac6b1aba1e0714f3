using System.Text.Json.Nodes;
using Netra.Pipeline.Agents;
using Netra.Pipeline.Failures;

namespace Netra.Pipeline.Tests.Agents;

[Parallelizable(ParallelScope.All)]
internal sealed class AgentEventsTests
{
    [Test]
    public async Task Events_OfAnAgent_AreThoseOfItsRun()
    {
        await using var host = await AgentHost.StartAsync();
        host.Scripts.Agent = SayEverything;

        Assert.That(await host.RunAsync(), Is.EqualTo("answer"));

        var events = await host.EventsAsync();
        Assert.Multiple(() =>
        {
            Assert.That(
                events.Select(message => message.Type),
                Is.EqualTo(new[] { "agent_started", "agent_thinking", "token", "custom", "token", "agent_completed" }));
            Assert.That(events[1].Data.GetProperty("metadata").GetRawText(), Is.EqualTo("""{"step":1}"""));
            Assert.That(events[3].Data.GetProperty("value").GetRawText(), Is.EqualTo("[1]"));
        });
    }

    [Test]
    public async Task Events_ThatAreRefused_RaiseToTheAgentWhichMayGoOn()
    {
        await using var host = await AgentHost.StartAsync();
        host.Scripts.Agent = (execution, _) => SayTooMuch(execution);

        Assert.That(await host.RunAsync(), Is.EqualTo("EventTooLarge"));

        Assert.That(await host.StoryAsync(), Is.EqualTo(new[] { "agent_started", "token EventTooLarge", "agent_completed" }));
        Assert.That(host.Reported, Is.EqualTo(new[] { "event_too_large in custom" }));
    }

    [Test]
    public void Events_OfAnAgent_DoNotFrameTheRun() => Assert.That(
        typeof(AgentEvents).GetMethods().Where(method => method.DeclaringType == typeof(AgentEvents)).Select(method => method.Name),
        Is.EquivalentTo(new[] { "ThinkAsync", "ThinkingDeltaAsync", "TokenAsync", "CustomAsync" }));

    private static async IAsyncEnumerable<string> SayEverything(
        AgentExecution execution, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await execution.Events.ThinkAsync("hm", new JsonObject { ["step"] = 1 }, cancellationToken);
        await execution.Events.TokenAsync("aside", cancellationToken);
        await execution.Events.CustomAsync("progress", new JsonArray(1), cancellationToken);
        yield return "answer";
    }

    private static async IAsyncEnumerable<string> SayTooMuch(AgentExecution execution)
    {
        string told;
        try
        {
            await execution.Events.CustomAsync("progress", new string('x', 300_000));
            told = "accepted";
        }
        catch (PipelineException refused)
        {
            told = refused.Code.ToString();
        }

        yield return told;
    }
}

using System.Runtime.CompilerServices;
using Netra.Pipeline.Agents;
using Netra.Pipeline.Failures;
using Netra.Pipeline.Protocol;

namespace Netra.Pipeline.Tests.Agents;

[Parallelizable(ParallelScope.All)]
internal sealed class AgentRunnerStreamTests
{
    [Test]
    public async Task Stream_Read_GivesThePiecesAsTheyCome()
    {
        await using var host = await AgentHost.StartAsync();

        var pieces = await host.Runner.StreamAsync("scripted", "What?", host.Context()).ToListAsync();

        Assert.That(pieces, Is.EqualTo(new[] { "Hel", "lo" }));
    }

    [Test]
    public async Task Stream_Abandoned_IsCancelledAfterTheAgentHasCleanedUp()
    {
        await using var host = await AgentHost.StartAsync();
        host.Scripts.Agent = ThinkWhenItEnds;

        await foreach (var piece in host.Runner.StreamAsync("scripted", "What?", host.Context()))
        {
            Assert.That(piece, Is.EqualTo("a"));
            break;
        }

        Assert.That(
            await host.StoryAsync(), Is.EqualTo(new[] { "agent_started", "token a", "agent_thinking over", "agent_cancelled abandoned" }));
        Assert.That((host.Runner.OpenRunCount, host.Host.Bridge.OpenRuns, host.Reported.Count), Is.EqualTo((0, 0, 0)));
    }

    [Test]
    public async Task Stream_AbandonedAndTerminalIsRefused_Raises()
    {
        await using var host = await AgentHost.StartAsync();
        host.Scripts.LogRefuses = type => type == EventType.AgentCancelled;
        var run = host.Runner.StreamAsync("scripted", "What?", host.Context()).GetAsyncEnumerator();
        await run.MoveNextAsync();

        Assert.That(async () => await run.DisposeAsync(), Throws.TypeOf<AggregateException>());
        Assert.That(host.Reported, Is.EqualTo(new[] { "log_full in agent_cancelled" }));
    }

    [Test]
    public async Task Stream_ConsumersTokenFires_IsCancelled()
    {
        await using var host = await AgentHost.StartAsync();
        using var consumer = new CancellationTokenSource();

        Assert.That(
            async () =>
            {
                await foreach (var _ in host.Runner.StreamAsync("scripted", "What?", host.Context()).WithCancellation(consumer.Token))
                {
                    await consumer.CancelAsync();
                }
            },
            Throws.InstanceOf<OperationCanceledException>());

        Assert.That(await host.StoryAsync(), Is.EqualTo(new[] { "agent_started", "token Hel", "agent_cancelled cancelled by the caller" }));
    }

    [Test]
    public async Task Stream_ReadAfterItsEnd_StaysAtItsEnd()
    {
        await using var host = await AgentHost.StartAsync();
        await using var run = host.Runner.StreamAsync("scripted", "What?", host.Context()).GetAsyncEnumerator();
        while (await run.MoveNextAsync())
        {
            // To the end.
        }

        Assert.That(await run.MoveNextAsync(), Is.False);
        await run.DisposeAsync();
        await run.DisposeAsync();
        Assert.That(await host.StoryAsync(), Has.Exactly(1).EqualTo("agent_completed"));
    }

    [Test]
    public async Task Stream_EnumeratedTwice_IsRefused()
    {
        await using var host = await AgentHost.StartAsync();
        var run = host.Runner.StreamAsync("scripted", "What?", host.Context());
        await run.ToListAsync();

        Assert.That(async () => await run.ToListAsync(), Throws.InvalidOperationException);
        Assert.That(await host.StoryAsync(), Has.Exactly(1).EqualTo("agent_started"));
    }

    [Test]
    public async Task Stream_NeverRead_DoesNotHappen()
    {
        await using var host = await AgentHost.StartAsync();

        var run = host.Runner.StreamAsync("scripted", "What?", host.Context());
        await run.GetAsyncEnumerator().DisposeAsync();

        Assert.That(await host.StoryAsync(), Is.Empty);
        Assert.That(host.Host.Bridge.OpenRuns, Is.Zero);
    }

    [Test]
    public async Task Stream_UnknownAgent_IsRefusedAtTheCall()
    {
        await using var host = await AgentHost.StartAsync();

        Assert.That(() => host.Runner.StreamAsync("nobody", "What?", host.Context()), Throws.TypeOf<AgentCommunicationException>());
    }

    private static async IAsyncEnumerable<string> ThinkWhenItEnds(
        AgentExecution execution, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        try
        {
            yield return "a";
            yield return "b";
        }
        finally
        {
            await execution.Events.ThinkAsync("over", ct: CancellationToken.None);
        }
    }
}

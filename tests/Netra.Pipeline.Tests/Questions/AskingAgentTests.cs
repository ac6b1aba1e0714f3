using System.Runtime.CompilerServices;
using Netra.Pipeline.Agents;
using Netra.Pipeline.Emission;
using Netra.Pipeline.Protocol;
using Netra.Pipeline.Tests.Infrastructure;
using static Netra.Pipeline.Tests.Questions.ApprovalTests;

namespace Netra.Pipeline.Tests.Questions;

/// <summary>Agents and tools in the process that ask, and wait for the answer.</summary>
[TestFixture]
[Parallelizable(ParallelScope.All)]
internal sealed class AskingAgentTests
{
    // The id that the question has by itself, in each attempt.
    private const string Draft = "ask-890428b434532603-1";

    [Test]
    public async Task AskAsync_AnsweredByThePage_GoesOnWithTheAnswer()
    {
        await using var host = await PipelineHost.StartAsync(static b => b.AddAgent<AskingAgent>());
        await using var page = await TestClient.ConnectAsync(host.SocketAddress("ada"));
        var run = host.Runner.Start("asking", "approval", host.Contexts.Create("ada", "t1", "r1"));
        var asked = (await page.ReadEventsAsync(2))[1];

        await page.SendAsync(Answer("m1", asked.Data.GetProperty("request_id").GetString()!, "true"));

        await run.Completion;
        var events = await page.ReadEventsAsync(3);
        Assert.That(asked.EventType, Is.EqualTo(EventType.RunWaiting));
        Assert.That(
            events.Select(static e => e.EventType),
            Is.EqualTo(new[] { EventType.RunResumed, EventType.Token, EventType.AgentCompleted }));
        Assert.That(events[1].Data.GetProperty("delta").GetString(), Is.EqualTo("True by ada"));
    }

    [Test]
    public async Task AskAsync_TimedOut_IsAnOutcomeAndTheAnswerIsStillTaken()
    {
        await using var host = await PipelineHost.StartAsync(static b => b.AddAgent<AskingAgent>());
        await using var page = await TestClient.ConnectAsync(host.SocketAddress("ada"));
        var run = host.Runner.Start("asking", "timeout", host.Contexts.Create("ada", "t1", "r1"));
        var events = await page.ReadEventsAsync(3);
        Assert.That(events[2].Data.GetProperty("delta").GetString(), Is.EqualTo("nothing"));

        await page.SendAsync(Answer("m1", Draft, "true"));

        Assert.That((await page.ReadAsync<EventMessage>()).EventType, Is.EqualTo(EventType.RunResumed));
        run.Cancel("enough");
        Assert.That((await page.ReadAsync<EventMessage>()).EventType, Is.EqualTo(EventType.AgentCancelled));
    }

    [Test]
    public async Task AskAsync_RunCancelled_EndsIt()
    {
        await using var host = await PipelineHost.StartAsync(static b => b.AddAgent<AskingAgent>());
        await using var page = await TestClient.ConnectAsync(host.SocketAddress("ada"));
        var run = host.Runner.Start("asking", "approval", host.Contexts.Create("ada", "t1", "r1"));
        await page.ReadEventsAsync(2);

        run.Cancel("not any more");

        Assert.That((await page.ReadAsync<EventMessage>()).EventType, Is.EqualTo(EventType.AgentCancelled));
        await page.SendAsync(Answer("m1", Draft, "true"));
        Assert.That((await page.ReadAsync<ErrorMessage>()).Code, Is.EqualTo("request_closed"));
    }

    private sealed class AskingAgent : IAgent
    {
        public string Name => "asking";

        public string Description => "Asks.";

        public async IAsyncEnumerable<string> RunAsync(
            AgentExecution execution, [EnumeratorCancellation] CancellationToken cancellationToken)
        {
            var answer = await execution.AskAsync(
                RunQuestion.Approval("Delete the draft?"),
                execution.Input == "timeout" ? TimeSpan.FromMilliseconds(50) : null,
                cancellationToken);
            yield return answer.IsAnswered ? $"{answer.IsApproved} by {answer.By}" : "nothing";
            if (!answer.IsAnswered)
            {
                await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, cancellationToken);
            }
        }
    }
}

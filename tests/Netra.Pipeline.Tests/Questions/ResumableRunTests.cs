using System.Runtime.CompilerServices;
using Netra.Pipeline.Agents;
using Netra.Pipeline.Emission;
using Netra.Pipeline.Protocol;
using Netra.Pipeline.Sqlite;
using Netra.Pipeline.Tests.Infrastructure;
using static Netra.Pipeline.Tests.Questions.ApprovalTests;

namespace Netra.Pipeline.Tests.Questions;

/// <summary>Runs of agents in the process that wait for an answer while the process is restarted.</summary>
[TestFixture]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
[Parallelizable(ParallelScope.All)]
internal sealed class ResumableRunTests
{
    // The id that the question has by itself, in each attempt.
    private const string Draft = "ask-890428b434532603-1";

    private DirectoryInfo _folder = null!;

    [SetUp]
    public void SetUp() => _folder = Directory.CreateTempSubdirectory("netra-resume-");

    [TearDown]
    public void TearDown() => _folder.Delete(recursive: true);

    [Test]
    public async Task Restart_ResumableAgentWaits_GoesOnWithTheAnswerAsItsNextAttempt()
    {
        await using (var first = await StartAsync(isResumable: true))
        {
            await using var page = await TestClient.ConnectAsync(first.SocketAddress("ada"));
            first.Runner.Start("deleting", "the draft", first.Contexts.Create("ada", "t1", "r1"));
            Assert.That((await page.ReadEventsAsync(3))[2].EventType, Is.EqualTo(EventType.RunWaiting));
        }

        await using var second = await StartAsync(isResumable: true);
        await using var device = await TestClient.ConnectAsync(second.SocketAddress("ada", "&seq=0"));
        var before = await device.ReadEventsAsync(3);
        Assert.That(second.Runner.OpenRunCount, Is.Zero, "it waits for the answer, not for the agent");

        await device.SendAsync(Answer("m1", Draft, "true"));

        var after = await device.ReadEventsAsync(5);
        Assert.That(before[2].EventType, Is.EqualTo(EventType.RunWaiting));
        Assert.That(after.Select(static e => (e.EventType, e.Attempt)), Is.EqualTo(new (EventType?, int)[]
        {
            (EventType.RunResumed, 1),
            (EventType.AgentStarted, 2),
            (EventType.ToolExecuting, 2),
            (EventType.ToolCompleted, 2),
            (EventType.Token, 2),
        }));
        Assert.That(after[4].Data.GetProperty("delta").GetString(), Is.EqualTo("the draft: True"));
        Assert.That((await device.ReadAsync<EventMessage>()).Run, Is.EqualTo(new RunSummary(5, 5, 9)));
    }

    [Test]
    public async Task Restart_AnswerStoredAndNotTaken_GoesOnAtOnce()
    {
        await using (var first = await StartAsync(isResumable: true))
        {
            await using var page = await TestClient.ConnectAsync(first.SocketAddress("ada"));
            first.Runner.Start("deleting", "the draft", first.Contexts.Create("ada", "t1", "r1"));
            await page.ReadEventsAsync(3);
        }

        // A process that has no such agent any more, or is about to end, takes the answer and does nothing with it.
        await using (var second = await StartAsync(isResumable: true))
        {
            _ = second.Bridge.BeginDraining();
            using var http = second.CreateClient();
            var (answered, body) = await AnswerAsync(http, Draft, "false");
            Assert.That(answered.IsSuccessStatusCode, body.ToString());
        }

        await using var third = await StartAsync(isResumable: true);
        await using var device = await TestClient.ConnectAsync(third.SocketAddress("ada", "&seq=0"));
        var events = (await device.ReadEventsAsync(9))[4..];
        Assert.That(events[0].EventType, Is.EqualTo(EventType.AgentStarted));
        Assert.That(events[3].Data.GetProperty("delta").GetString(), Is.EqualTo("the draft: False"));
        Assert.That(events[4].EventType, Is.EqualTo(EventType.AgentCompleted));
    }

    [Test]
    public async Task Ask_SameCodeInAnotherOrder_NeverGetsAnAnswerToSomethingElse()
    {
        await using var host = await PipelineHost.StartAsync(static builder => builder.AddAgent<TwoQuestionsAgent>());
        await using var page = await TestClient.ConnectAsync(host.SocketAddress("ada"));
        host.Runner.Start("two", "ab", host.Contexts.Create("ada", "t1", "r1"));
        host.Runner.Start("two", "ba", host.Contexts.Create("ada", "t1", "r2"));

        var asked = (await page.ReadEventsAsync(6)).Where(static e => e.EventType == EventType.RunWaiting)
            .GroupBy(static e => e.Data.GetProperty("prompt").GetString(), static e => e.Data.GetProperty("request_id").GetString());

        Assert.That(asked.Select(static ids => ids.Distinct().Count()), Is.EqualTo(new[] { 1, 1 }), "one id a question, in both runs");
    }

    [Test]
    public async Task Restart_ResumableAgentWaits_MayBeCancelled()
    {
        await using (var first = await StartAsync(isResumable: true))
        {
            await using var page = await TestClient.ConnectAsync(first.SocketAddress("ada"));
            first.Runner.Start("deleting", "the draft", first.Contexts.Create("ada", "t1", "r1"));
            await page.ReadEventsAsync(3);
        }

        await using var second = await StartAsync(isResumable: true);
        await using var device = await TestClient.ConnectAsync(second.SocketAddress("ada", "&seq=0"));
        await device.ReadEventsAsync(3);

        Assert.That(second.Runner.CancelRun("ada", "t1", "r1", "not any more"), Is.EqualTo(CancelRunResult.Requested));

        var ended = await device.ReadAsync<EventMessage>();
        Assert.That((ended.EventType, ended.Data.Text("reason")), Is.EqualTo((EventType.AgentCancelled, "not any more")));
        Assert.That(second.Runner.CancelRun("ada", "t1", "r1"), Is.EqualTo(CancelRunResult.Unknown));
        await device.SendAsync(Answer("m1", Draft, "true"));
        Assert.That((await device.ReadAsync<ErrorMessage>()).Code, Is.EqualTo("request_closed"));
    }

    [Test]
    public async Task Restart_OtherAgentWaits_EndsItsRunAsEver()
    {
        await using (var first = await StartAsync(isResumable: false))
        {
            await using var page = await TestClient.ConnectAsync(first.SocketAddress("ada"));
            first.Runner.Start("deleting", "the draft", first.Contexts.Create("ada", "t1", "r1"));
            await page.ReadEventsAsync(3);
        }

        await using var second = await StartAsync(isResumable: false);
        await using var device = await TestClient.ConnectAsync(second.SocketAddress("ada", "&seq=0"));
        var ended = await device.ReadAsync<EventMessage>();
        while (ended.Run is null)
        {
            ended = await device.ReadAsync<EventMessage>();
        }

        // The stop cancels what does not end in time; where it cannot say so any more, the next start does.
        Assert.That(ended.EventType, Is.EqualTo(EventType.AgentCancelled).Or.EqualTo(EventType.AgentFailed));
        await device.SendAsync(Answer("m1", Draft, "true"));
        Assert.That((await device.ReadAsync<ErrorMessage>()).Code, Is.EqualTo("request_closed"));
    }

    private Task<PipelineHost> StartAsync(bool isResumable) => PipelineHost.StartAsync(
        builder => builder.UseEventLog<SqliteEventLog>().AddAgent<DeletingAgent>(isResumable).AddTool<DeleteTool>(),
        [("Netra:DataDirectory", _folder.FullName), ("Netra:Hosting:DrainTimeout", "00:00:00.2")]);

    private sealed class DeletingAgent : IAgent
    {
        public string Name => "deleting";

        public string Description => "Deletes what it is told to, if it may.";

        public async IAsyncEnumerable<string> RunAsync(
            AgentExecution execution, [EnumeratorCancellation] CancellationToken cancellationToken)
        {
            var deleted = await execution.Tools.CallToolAsync("delete", [], cancellationToken);
            yield return $"{execution.Input}: {deleted}";
        }
    }

    private sealed class TwoQuestionsAgent : IAgent
    {
        public string Name => "two";

        public string Description => "Asks two things at once, in the order that it is told.";

        public async IAsyncEnumerable<string> RunAsync(
            AgentExecution execution, [EnumeratorCancellation] CancellationToken cancellationToken)
        {
            var questions = execution.Input.Select(
                letter => execution.AskAsync(RunQuestion.Approval($"Delete {letter}?"), ct: cancellationToken).AsTask());
            await Task.WhenAll(questions);
            yield return "done";
        }
    }

    private sealed class DeleteTool : ITool
    {
        public string Name => "delete";

        public string Description => "Asks, and deletes.";

        public async ValueTask<System.Text.Json.Nodes.JsonNode?> InvokeAsync(ToolInvocation invocation, CancellationToken ct)
        {
            var answer = await invocation.AskAsync(RunQuestion.Approval("Delete the draft?"), ct: ct);
            return answer.IsApproved ? "True" : "False";
        }
    }
}

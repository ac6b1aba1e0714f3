using System.Text.Json;
using Netra.Pipeline.Protocol;
using Netra.Pipeline.Server.Demo;
using Netra.Pipeline.Tests.Infrastructure;

namespace Netra.Pipeline.Tests.Server.Demo;

/// <summary>Questions as the chat page asks them, over the socket to the demo and back.</summary>
[Parallelizable(ParallelScope.All)]
internal sealed class DemoRunTests
{
    [Test]
    public async Task Ask_Arithmetic_CallsTheToolAndStreamsTheAnswer()
    {
        var (events, answer) = await AskAsync("What is (2+3)*4?");

        Assert.Multiple(() =>
        {
            Assert.That(answer, Is.EqualTo("(2+3)*4 = 20."));
            Assert.That(Lifecycle(events), Is.EqualTo(new[]
            {
                "agent_started", "agent_thinking", "agent_thinking", "tool_executing", "tool_completed", "agent_completed",
            }));
            Assert.That(events.Count(message => message.EventType == EventType.Token), Is.EqualTo(3));
        });
    }

    [Test]
    public async Task Ask_DivisionByZero_ShowsTheFailureAnswersHonestlyAndCompletes()
    {
        var (events, answer) = await AskAsync("What is 1/0?");

        var completed = events.Single(message => message.EventType == EventType.ToolCompleted).Data;
        Assert.Multiple(() =>
        {
            Assert.That(answer, Is.EqualTo("I could not calculate 1/0: 1 / 0: division by zero has no result."));
            Assert.That(completed.GetProperty("status").GetString(), Is.EqualTo("failed"));
            Assert.That(completed.GetProperty("error").GetProperty("code").GetString(), Is.EqualTo("tool_failed"));
            Assert.That(events[^1].EventType, Is.EqualTo(EventType.AgentCompleted));
        });
    }

    [Test]
    public async Task Ask_ForTheTime_NamesTheZone()
    {
        var (_, answer) = await AskAsync("What time is it in Europe/Berlin?");

        Assert.That(answer, Does.Match(@"^In Europe/Berlin it is \w+, \d{4}-\d\d-\d\d \d\d:\d\d:\d\d \(UTC\+0[12]:00\)\.$"));
    }

    [Test]
    public async Task Ask_AboutTheProject_DelegatesAndQuotesTheSectionWithItsSource()
    {
        using var documents = new DocumentsFixture();
        var (events, answer) = await AskAsync("How does overflow work?", documents.Root);

        var child = events.Single(
            message => message.EventType == EventType.AgentStarted && message.Data.TryGetProperty("parent_run_id", out _));
        Assert.Multiple(() =>
        {
            Assert.That(
                answer,
                Does.Contain("When a queue is full the connection lags.")
                    .And.Contain("Source: docs/protocol.md, lines 5 to 12, \"Overflow\"."));
            Assert.That(child.Data.GetProperty("agent_name").GetString(), Is.EqualTo("doc_researcher"));
            Assert.That(child.Data.GetProperty("parent_run_id").GetString(), Is.EqualTo(events[0].RunId));
            Assert.That(ToolNames(events), Is.EqualTo(new[] { "search_docs", "read_file" }));
        });
    }

    [Test]
    public async Task Ask_AboutTheProjectItsOwnDocuments_QuotesThem()
    {
        var (_, answer) = await AskAsync("How does overflow work?");

        Assert.That(answer, Does.Match("(?si)overflow.{200,}Source: docs/"));
    }

    [Test]
    public async Task Ask_NothingTheDocumentationKnows_SaysSo()
    {
        var (_, answer) = await AskAsync("zyxwvut qqqq");

        Assert.That(answer, Is.EqualTo("The documentation says nothing about \"zyxwvut qqqq\"."));
    }

    [Test]
    public async Task Ask_ForAFileThatIsNotThere_FailsAndSaysWhatThereIs()
    {
        var (events, answer) = await AskAsync("read docs/nope.md");

        Assert.Multiple(() =>
        {
            Assert.That(answer, Does.StartWith("I could not read docs/nope.md: There is no document").And.Contain("docs/protocol.md"));
            Assert.That(events[^1].EventType, Is.EqualTo(EventType.AgentCompleted));
        });
    }

    [Test]
    public async Task Ask_ForAFileOutsideTheDocuments_IsRefused()
    {
        var (_, answer) = await AskAsync("read ../../../etc/secret.md");

        Assert.That(answer, Does.Contain("leads outside the documents"));
    }

    [Test]
    public async Task Ask_SeveralThings_AnswersEachInItsOrder()
    {
        var (events, answer) = await AskAsync("What is 2+2? What time is it? How do gaps work? Count to 3.");

        Assert.Multiple(() =>
        {
            Assert.That(ToolNames(events), Is.EqualTo(new[] { "calculate", "current_time", "search_docs", "read_file" }));
            Assert.That(answer, Does.StartWith("2+2 = 4.\n\nIn UTC it is").And.EndsWith("\n\n1 2 3."));
        });
    }

    [Test]
    public async Task Ask_Hello_IntroducesItself()
    {
        var (_, answer) = await AskAsync("Hello!");

        Assert.That(answer, Does.StartWith("I am the demo agent"));
    }

    [Test]
    public async Task Cancel_Counting_EndsTheRunAsCancelled()
    {
        await using var host = await StartAsync("00:00:00.01");
        await using var page = await TestClient.ConnectAsync(host.SocketAddress("ada"));
        await SendAsync(page, "chat_message", "m1", content: "Count slowly to 1000");
        var runId = (await page.ReadAsync<AcceptedMessage>()).RunId;
        await page.ReadEventsAsync(5);

        await SendAsync(page, "cancel_run", "m2", runId: runId);
        EventMessage last;
        do
        {
            last = await page.ReadAsync<EventMessage>();
        }
        while (!EventTypes.IsTerminal(last.EventType!.Value));

        Assert.That(
            (last.EventType, last.Data.GetProperty("reason").GetString()), Is.EqualTo((EventType.AgentCancelled, "cancelled by the user")));
    }

    [Test]
    public async Task Cancel_RunOfAnotherUser_IsAnsweredWithAnErrorAndTheRunGoesOn()
    {
        await using var host = await StartAsync("00:00:00.01");
        await using var ada = await TestClient.ConnectAsync(host.SocketAddress("ada"));
        await using var eve = await TestClient.ConnectAsync(host.SocketAddress("eve"));
        await SendAsync(ada, "chat_message", "m1", content: "Count slowly to 20");
        var runId = (await ada.ReadAsync<AcceptedMessage>()).RunId;

        await SendAsync(eve, "cancel_run", "m2", runId: runId);

        var error = await eve.ReadAsync<ErrorMessage>();
        Assert.That((error.Id, error.Code), Is.EqualTo(("m2", "handler_failed")));
        EventMessage last;
        do
        {
            last = await ada.ReadAsync<EventMessage>();
        }
        while (!EventTypes.IsTerminal(last.EventType!.Value));

        Assert.That(last.EventType, Is.EqualTo(EventType.AgentCompleted));
    }

    [Test]
    public async Task Ask_AnswersTheMessageWithTheRunItStarted()
    {
        await using var host = await StartAsync("00:00:00");
        await using var page = await TestClient.ConnectAsync(host.SocketAddress("ada"));

        await SendAsync(page, "chat_message", "m1", content: "Hello");
        var accepted = await page.ReadAsync<AcceptedMessage>();

        Assert.That((accepted.Id, accepted.RunId), Is.EqualTo(("m1", accepted.RunId)));
        Assert.That(accepted.RunId, Does.StartWith("run-"));
    }

    private static Task<PipelineHost> StartAsync(string countDelay, string documents = "documents") => PipelineHost.StartAsync(
        pipeline => pipeline.AddDemo(),
        [("Netra:Demo:TokenDelay", "00:00:00"), ("Netra:Demo:CountDelay", countDelay), ("Netra:Demo:DocumentsDirectory", documents)]);

    private static async Task<(List<EventMessage> Events, string Answer)> AskAsync(string question, string documents = "documents")
    {
        await using var host = await StartAsync("00:00:00", documents);
        await using var page = await TestClient.ConnectAsync(host.SocketAddress("ada"));
        await SendAsync(page, "chat_message", "m1", content: question);
        Assert.That((await page.ReadAsync<EventMessage>()).EventType, Is.EqualTo(EventType.UserMessage));
        var events = await page.ReadEventsAsync(1);
        while (!(EventTypes.IsTerminal(events[^1].EventType!.Value) && events[^1].RunId == events[0].RunId))
        {
            events.Add(await page.ReadAsync<EventMessage>());
        }

        var own = events.Where(message => message.EventType == EventType.Token && message.RunId == events[0].RunId);
        return (events, string.Concat(own.Select(message => message.Data.GetProperty("delta").GetString())));
    }

    private static Task SendAsync(TestClient page, string type, string id, string? content = null, string? runId = null) => page.SendAsync(
        JsonSerializer.Serialize(
            new Dictionary<string, string?>
            {
                ["type"] = type,
                ["id"] = id,
                ["thread_id"] = "t1",
                ["content"] = content,
                ["run_id"] = runId,
            }
                .Where(member => member.Value is not null).ToDictionary()));

    private static List<string> Lifecycle(List<EventMessage> events)
        => [.. events.Select(message => message.Type).Where(type => type != "token")];

    private static List<string?> ToolNames(List<EventMessage> events) =>
    [
        .. events.Where(message => message.EventType == EventType.ToolExecuting)
            .Select(message => message.Data.GetProperty("tool_name").GetString()),
    ];
}

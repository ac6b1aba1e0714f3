using System.Net;
using System.Text.Json;
using Netra.Pipeline.Protocol;
using Netra.Pipeline.Server.Demo;
using Netra.Pipeline.Tests.Infrastructure;

namespace Netra.Pipeline.Tests.Server.Demo;

/// <summary>The demo's tool that asks first, answered in every way that there is, and over the end of the real server.</summary>
[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
internal sealed class DeleteDraftTests
{
    private const string Question = """{"type":"chat_message","id":"m1","thread_id":"t1","content":"Delete the draft"}""";

    // "Within 5 s when no agent runs": one that waits for an answer is put aside.
    private static readonly TimeSpan WithoutRuns = TimeSpan.FromSeconds(5);

    private DirectoryInfo _folder = null!;

    [SetUp]
    public void SetUp() => _folder = Directory.CreateTempSubdirectory("netra-drafts-");

    [TearDown]
    public void TearDown() => _folder.Delete(recursive: true);

    [TestCase("socket", true)]
    [TestCase("socket", false)]
    [TestCase("event stream", true)]
    [TestCase("http", true)]
    public async Task Ask_Answered_DoesAsItIsTold(string way, bool approve)
    {
        await using var host = await PipelineHost.StartAsync(
            static pipeline => pipeline.AddDemo(),
            [("Netra:Demo:TokenDelay", "00:00:00"), ("Netra:DataDirectory", _folder.FullName)]);
        await using var page = await TestClient.ConnectAsync(host.SocketAddress("ada"));
        await page.SendAsync(Question);
        var asked = (await ReadToAsync(page, EventType.RunWaiting))[^1];
        Assert.That(Drafts, Has.Exactly(1).Items, "it is there until somebody says yes");

        await AnswerAsync(host, page, asked, way, approve);

        var events = await ReadToAsync(page, EventType.AgentCompleted);
        var (completed, text) = Outcome(events);
        Assert.Multiple(() =>
        {
            Assert.That(asked.Data.GetProperty("prompt").GetString(), Is.EqualTo("Delete the draft?"));
            Assert.That(asked.Data.GetProperty("kind").GetString(), Is.EqualTo("approval"));
            Assert.That(events[0].EventType, Is.EqualTo(EventType.RunResumed));
            Assert.That(completed.Text("call_id"), Is.EqualTo(asked.Data.Text("call_id")));
            Assert.That(completed.GetProperty("result").GetProperty("deleted").GetBoolean(), Is.EqualTo(approve));
            Assert.That(
                text,
                Is.EqualTo(approve ? "I deleted the draft: ada has approved it." : "I left the draft alone, as ada wanted."));
            Assert.That(Drafts, Has.Exactly(approve ? 0 : 1).Items);
        });
    }

    [TestCase("KILL")]
    [TestCase("TERM")]
    public async Task Ask_ServerEndsWhileItWaits_GoesOnWithTheOneAnswer(string signal)
    {
        EventMessage asked;
        await using (var first = Start())
        {
            var before = await first.WhenReadyAsync();
            await using var page = await TestClient.ConnectAsync(AddressOf(before));
            await page.SendAsync(Question);
            asked = (await ReadToAsync(page, EventType.RunWaiting))[^1];
            await WhenStoredAsync(before);
            var begun = FairStopwatch.Start();
            await first.SignalAsync(signal);
            await first.WhenExitedAsync();
            Assert.That(begun.Fair, Is.LessThan(WithoutRuns), first.Output);
        }

        await using var second = Start();
        var port = await second.WhenReadyAsync();
        await using var phone = await TestClient.ConnectAsync(AddressOf(port, "&seq=0"));
        await using var laptop = await TestClient.ConnectAsync(AddressOf(port, "&seq=0"));
        await ReadToAsync(phone, EventType.RunWaiting);
        await ReadToAsync(laptop, EventType.RunWaiting);

        // Both press at once.
        await Task.WhenAll(phone.SendAsync(Answer("phone", asked, value: true)), laptop.SendAsync(Answer("laptop", asked, value: false)));

        var (ofPhone, refusedToPhone) = await ReadToTheEndAsync(phone);
        var (ofLaptop, refusedToLaptop) = await ReadToTheEndAsync(laptop);
        var resumed = ofPhone.Single(static message => message.EventType == EventType.RunResumed);
        var approved = resumed.Data.GetProperty("value").GetBoolean();
        var (completed, text) = Outcome(ofPhone);
        Assert.Multiple(() =>
        {
            Assert.That(ofLaptop.Select(static message => message.Seq), Is.EqualTo(ofPhone.Select(static message => message.Seq)));
            Assert.That(
                (refusedToPhone?.Code, refusedToLaptop?.Code),
                Is.EqualTo(approved ? ((string?)null, "already_answered") : ("already_answered", null)));
            Assert.That(resumed, Is.SameAs(ofPhone[0]), "nothing was said of the end of the server");
            Assert.That(ofPhone.Skip(1).Select(static message => message.Attempt), Is.All.EqualTo(2));
            Assert.That(ofPhone[1].EventType, Is.EqualTo(EventType.AgentStarted));
            Assert.That(ofPhone.Count(static message => message.EventType == EventType.RunWaiting), Is.Zero, "it knows the answer");
            Assert.That(completed.GetProperty("result").GetProperty("deleted").GetBoolean(), Is.EqualTo(approved));
            Assert.That(text, Does.StartWith(approved ? "I deleted the draft" : "I left the draft alone"));
            Assert.That(Drafts, Has.Exactly(approved ? 0 : 1).Items);
        });
    }

    private IEnumerable<string> Drafts => Directory.EnumerateFiles(Path.Combine(_folder.FullName, "drafts"));

    private ServerProcess Start() => ServerProcess.Start("Development", $"--Netra:DataDirectory={_folder.FullName}");

    private static Uri AddressOf(int port, string more = "") => new($"ws://127.0.0.1:{port}/ws?user_id=ada{more}");

    // A page is shown an event while it is being stored. What is published after it has a receipt once both are.
    private static async Task WhenStoredAsync(int port)
    {
        using var http = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{port}"), Timeout = TestClient.Patience };
        var (stored, _) = await http.PublishAsync(PublishExtensions.EventJson("agent_started", """{"agent_name":"a"}""", "eve"));
        Assert.That(stored.StatusCode, Is.EqualTo(HttpStatusCode.Accepted));
    }

    private static string Answer(string messageId, EventMessage asked, bool value) => JsonSerializer.Serialize(new
    {
        type = "answer",
        id = messageId,
        thread_id = asked.ThreadId,
        run_id = asked.RunId,
        request_id = asked.Data.Text("request_id"),
        value,
    });

    private static async Task AnswerAsync(PipelineHost host, TestClient page, EventMessage asked, string way, bool value)
    {
        switch (way)
        {
            case "socket":
                await page.SendAsync(Answer("m2", asked, value));
                break;
            case "event stream":
                await using (var stream = await EventStreamClient.OpenAsync(host, "ada"))
                {
                    await stream.TellAsync("messages", Answer("m2", asked, value));
                }

                break;
            default:
                using (var http = host.CreateClient())
                {
                    using var content = new StringContent(
                        JsonSerializer.Serialize(new
                        {
                            user_id = "ada",
                            thread_id = asked.ThreadId,
                            run_id = asked.RunId,
                            request_id = asked.Data.Text("request_id"),
                            value,
                        }),
                        System.Text.Encoding.UTF8,
                        "application/json");
                    using var answered = await http.PostAsync(new Uri("/v1/runs/answer", UriKind.Relative), content);
                    Assert.That(answered.StatusCode, Is.EqualTo(HttpStatusCode.OK));
                }

                break;
        }
    }

    private static async Task<List<EventMessage>> ReadToAsync(TestClient page, EventType type)
    {
        var events = await page.ReadEventsAsync(1);
        while (events[^1].EventType != type)
        {
            events.Add(await page.ReadAsync<EventMessage>());
        }

        return events;
    }

    /// <summary>What came until both the run had ended and the device had been told what became of its answer.</summary>
    private static async Task<(List<EventMessage> Events, ErrorMessage? Refusal)> ReadToTheEndAsync(TestClient page)
    {
        var events = new List<EventMessage>();
        ErrorMessage? refusal = null;
        for (var isTold = false; !isTold || events.LastOrDefault()?.EventType is not EventType.AgentCompleted;)
        {
            switch (await page.ReadAsync())
            {
                case EventMessage message:
                    events.Add(message);
                    break;
                case ErrorMessage error:
                    (refusal, isTold) = (error, true);
                    break;
                case AcceptedMessage:
                    isTold = true;
                    break;
            }
        }

        return (events, refusal);
    }

    private static (JsonElement Completed, string Text) Outcome(List<EventMessage> events) => (
        events.Single(static message => message.EventType == EventType.ToolCompleted).Data,
        string.Concat(events.Where(static message => message.EventType == EventType.Token).Select(static m => m.Data.Text("delta"))));
}

using System.Net;
using System.Text.Json;
using Netra.Pipeline.Protocol;
using Netra.Pipeline.Tests.Infrastructure;
using static Netra.Pipeline.Tests.Infrastructure.PublishExtensions;

namespace Netra.Pipeline.Tests.Questions;

/// <summary>What runs ask and people answer, of runs that are published over HTTP.</summary>
[TestFixture(KindOfLog.Memory)]
[TestFixture(KindOfLog.Sqlite)]
[Parallelizable(ParallelScope.All)]
internal sealed class ApprovalTests(KindOfLog log)
{
    private const string Started = """{"agent_name":"a"}""";

    [Test]
    public async Task Ask_AnsweredByThePage_IsOneEventOnEveryDevice()
    {
        await using var host = await PipelineHost.StartAsync(log: log);
        using var http = host.CreateClient();
        await using var phone = await TestClient.ConnectAsync(host.SocketAddress("ada"));
        await using var laptop = await TestClient.ConnectAsync(host.SocketAddress("ada"));
        await http.PublishAsync(EventJson("agent_started", Started));
        var (asked, receipt) = await http.PublishAsync(Ask("q1", "approval", "Delete the draft?"));

        await phone.SendAsync(Answer("m1", "q1", "true"));

        var events = await laptop.ReadEventsAsync(3);
        Assert.That(asked.StatusCode, Is.EqualTo(HttpStatusCode.Created));
        Assert.That(receipt.Text("status"), Is.EqualTo("queued"));
        Assert.That((events[1].EventType, events[2].EventType), Is.EqualTo((EventType.RunWaiting, EventType.RunResumed)));
        Assert.That(events[1].Data.GetProperty("prompt").GetString(), Is.EqualTo("Delete the draft?"));
        Assert.That(events[2].Data.GetRawText(), Is.EqualTo("""{"request_id":"q1","value":true,"by":"ada"}"""));
        Assert.That((await phone.ReadAsync<AcceptedMessage>()).Id, Is.EqualTo("m1"));
    }

    [Test]
    public async Task Answer_TwoAtOnce_MakeOneEventAndOneRefusal()
    {
        await using var host = await PipelineHost.StartAsync(log: log);
        using var http = host.CreateClient();
        await http.PublishAsync(EventJson("agent_started", Started));
        await http.PublishAsync(Ask("q1", "choice", "Which?", options: """["red","blue"]"""));

        var answers = await Task.WhenAll(
            Enumerable.Range(0, 8).Select(i => AnswerAsync(http, "q1", i % 2 == 0 ? "\"red\"" : "\"blue\"", by: $"p{i}")));

        Assert.That(answers.Count(static a => a.Response.StatusCode == HttpStatusCode.OK), Is.EqualTo(1));
        foreach (var refused in answers.Where(static a => a.Response.StatusCode != HttpStatusCode.OK))
        {
            refused.ShouldBe(HttpStatusCode.Conflict, "already_answered");
            Assert.That(refused.Body.Seq(), Is.EqualTo(3));
        }

        await using var page = await TestClient.ConnectAsync(host.SocketAddress("ada", "&seq=0"));
        await http.PublishAsync(TokenJson());
        Assert.That(
            (await page.ReadEventsAsync(4)).Select(static e => e.EventType),
            Is.EqualTo(new[] { EventType.AgentStarted, EventType.RunWaiting, EventType.RunResumed, EventType.Token }));
    }

    [Test]
    public async Task Ask_AgainWhileOpen_IsTheSameRequest()
    {
        await using var host = await PipelineHost.StartAsync(log: log);
        using var http = host.CreateClient();
        await http.PublishAsync(EventJson("agent_started", Started));
        var (_, first) = await http.PublishAsync(Ask("q1", "text", "Name?"));

        var (response, again) = await http.PublishAsync(Ask("q1", "text", "Name?"));
        var (_, keyed) = await http.PublishAsync(Ask("q1", "text", "Name?").WithKey("k"));
        var other = await http.PublishAsync(Ask("q1", "approval", "Name?"));

        Assert.That(response.StatusCode, Is.EqualTo(HttpStatusCode.OK));
        Assert.That((again.Text("id"), again.Seq(), again.Text("status")), Is.EqualTo((first.Text("id"), 2, "waiting")));
        Assert.That(keyed.GetRawText(), Is.EqualTo(again.GetRawText()));
        other.ShouldBe(HttpStatusCode.BadRequest, "invalid_event");
    }

    [Test]
    public async Task Ask_AgainAfterTheAnswer_GetsItAtOnce([Values] bool ended)
    {
        await using var host = await PipelineHost.StartAsync(log: log);
        using var http = host.CreateClient();
        await http.PublishAsync(EventJson("agent_started", Started));
        await http.PublishAsync(Ask("q1", "external", "Payment"));
        var (_, answer) = await AnswerAsync(http, "q1", """{"paid":12.5}""", by: "bank");
        if (ended)
        {
            await http.PublishAsync(EventJson("agent_completed", Started));
        }

        var (response, again) = await http.PublishAsync(Ask("q1", "external", "Payment"));

        Assert.That(response.StatusCode, Is.EqualTo(HttpStatusCode.OK), again.ToString());
        Assert.That(again.GetRawText(), Is.EqualTo(
            $$"""{"status":"answered","request_id":"q1","value":{"paid":12.5},"by":"bank","id":"{{answer.Text("id")}}","seq":3}"""));
    }

    [TestCase("approval", "\"yes\"", "must be true or false")]
    [TestCase("choice", "\"green\"", "must be one of red, blue")]
    [TestCase("text", "true", "must be a text")]
    public async Task Answer_OfAnotherKind_IsRefusedAndTheRequestStaysOpen(string kind, string value, string problem)
    {
        await using var host = await PipelineHost.StartAsync(log: log);
        using var http = host.CreateClient();
        var asked = Ask("q1", kind, "?", options: kind == "choice" ? """["red","blue"]""" : null);
        await http.PublishAsync(EventJson("agent_started", Started));
        await http.PublishAsync(asked);

        var refused = await AnswerAsync(http, "q1", value);

        refused.ShouldBe(HttpStatusCode.BadRequest, "invalid_answer");
        Assert.That(refused.Body.Text("detail"), Does.Contain(problem));
        Assert.That((await http.PublishAsync(asked)).Body.Text("status"), Is.EqualTo("waiting"));
    }

    [Test]
    public async Task Answer_ToWhatNobodyAsks_IsRefused()
    {
        await using var host = await PipelineHost.StartAsync(log: log);
        using var http = host.CreateClient();
        await http.PublishAsync(EventJson("agent_started", Started));
        await http.PublishAsync(Ask("q1", "approval", "?"));
        await http.PublishAsync(EventJson("agent_completed", Started));

        (await AnswerAsync(http, "q1", "true", user: "nobody")).ShouldBe(HttpStatusCode.NotFound, "request_unknown");
        (await http.AskAsync("/v1/ledger?user_id=nobody")).ShouldBe(HttpStatusCode.NotFound, "not_found");
        (await AnswerAsync(http, "q2", "true")).ShouldBe(HttpStatusCode.NotFound, "request_unknown");
        (await AnswerAsync(http, "q1", "true")).ShouldBe(HttpStatusCode.Conflict, "request_closed");
        await using var page = await TestClient.ConnectAsync(host.SocketAddress("ada"));
        await page.SendAsync(Answer("m1", "q1", "true"));
        var error = await page.ReadAsync<ErrorMessage>();
        Assert.That((error.Code, error.Id), Is.EqualTo(("request_closed", "m1")));
    }

    [Test]
    public async Task Ask_NextAttempt_IsAskedAnewAndKeepsItsAnswer()
    {
        await using var host = await PipelineHost.StartAsync(log: log);
        using var http = host.CreateClient();
        await http.PublishAsync(EventJson("agent_started", Started));
        await http.PublishAsync(Ask("q1", "approval", "First?"));
        await http.PublishAsync(Ask("q2", "approval", "Second?"));
        await AnswerAsync(http, "q1", "false");
        await http.PublishAsync(EventJson("agent_started", """{"agent_name":"a","attempt":2}"""));

        var (_, first) = await http.PublishAsync(Ask("q1", "approval", "First?"));
        var (second, asked) = await http.PublishAsync(Ask("q2", "approval", "Second?"));

        Assert.That(first.Text("status"), Is.EqualTo("answered"));
        Assert.That(first.GetProperty("value").GetBoolean(), Is.False);
        Assert.That((second.StatusCode, asked.Seq()), Is.EqualTo((HttpStatusCode.Accepted, 6)));
        var (answered, _) = await AnswerAsync(http, "q2", "true");
        Assert.That(answered.StatusCode, Is.EqualTo(HttpStatusCode.OK));
    }

    [Test]
    public async Task Ask_TooMuch_IsRefused()
    {
        await using var host = await PipelineHost.StartAsync(log: log);
        using var http = host.CreateClient();
        await http.PublishAsync(EventJson("agent_started", Started));
        for (var i = 0; i < 64; i++)
        {
            await http.PublishAsync(Ask($"q{i}", "approval", "?"));
        }

        var refused = await http.PublishAsync(Ask("q64", "approval", "?"));

        refused.ShouldBe(HttpStatusCode.BadRequest, "invalid_event");
        Assert.That(refused.Body.Text("detail"), Does.Contain("64 open requests"));
    }

    [TestCase("""{"request_id":"q1","kind":"choice","prompt":"?"}""", "data.options")]
    [TestCase("""{"request_id":"q1","kind":"choice","prompt":"?","options":["a","a"]}""", "data.options")]
    [TestCase("""{"request_id":"q1","kind":"text","prompt":"?","options":["a"]}""", "data.options")]
    [TestCase("""{"request_id":"q1","kind":"maybe","prompt":"?"}""", "data.kind")]
    [TestCase("""{"request_id":"","kind":"text","prompt":"?"}""", "data.request_id")]
    [TestCase("""{"kind":"text","prompt":"?"}""", "data.request_id")]
    [TestCase("""{"request_id":"q1","kind":"text","prompt":"?","until":"soon"}""", "data.until")]
    public async Task Ask_NotAsItShouldBe_IsRefused(string data, string member)
    {
        await using var host = await PipelineHost.StartAsync(log: log);
        using var http = host.CreateClient();
        await http.PublishAsync(EventJson("agent_started", Started));

        var refused = await http.PublishAsync(EventJson("run_waiting", data));

        refused.ShouldBe(HttpStatusCode.BadRequest, "invalid_event");
        Assert.That(refused.Body.Text("detail"), Does.Contain($"'{member}'"));
    }

    internal static string Ask(string id, string kind, string prompt, string? options = null) => EventJson(
        "run_waiting",
        $$"""{"request_id":"{{id}}","kind":"{{kind}}","prompt":"{{prompt}}"{{(options is null ? "" : $",\"options\":{options}")}}}""");

    internal static string Answer(string messageId, string requestId, string value)
        => $$"""{"type":"answer","id":"{{messageId}}","thread_id":"t1","run_id":"r1","request_id":"{{requestId}}","value":{{value}}}""";

    internal static async Task<(HttpResponseMessage Response, JsonElement Body)> AnswerAsync(
        HttpClient http, string requestId, string value, string by = "ada", string user = "ada")
    {
        using var content = new StringContent(
            $$"""{"user_id":"{{user}}","thread_id":"t1","run_id":"r1","request_id":"{{requestId}}","value":{{value}},"by":"{{by}}"}""",
            System.Text.Encoding.UTF8,
            "application/json");
        var response = await http.PostAsync("/v1/runs/answer", content);
        return (response, JsonElement.Parse(await response.Content.ReadAsByteArrayAsync()));
    }
}

using System.Net;
using System.Text;
using Netra.Pipeline.Failures;
using Netra.Pipeline.Protocol;
using Netra.Pipeline.Tests.Infrastructure;

namespace Netra.Pipeline.Tests.Publishing;

/// <summary>An event that is refused names its run and its user where its bytes do, and the user is shown what is missing.</summary>
[TestFixture]
[Parallelizable(ParallelScope.All)]
internal sealed class RefusedEventTests
{
    private static readonly (string Key, string Value)[] Settings =
        [("Netra:Streams:MaxEventBytes", "1024"), ("Netra:Publish:MaxBodyBytes", "4096")];

    private static readonly string Huge = new('x', 20_000);

    private static string Result(string more = "") => """{"user_id":"ada","thread_id":"t1","run_id":"r1","type":"tool_completed","""
        + $$"""
        "data":{"tool_name":"search","call_id":"c1","result":"{{Huge}}"}{{more}}}
        """;

    [Test]
    public async Task BigResult_AsALine_IsShownWithItsRunAndItsCall()
    {
        await using var host = await PipelineHost.StartAsync(settings: Settings);
        await using var page = await TestClient.ConnectAsync(host.SocketAddress("ada"));
        await using var lines = await PublishLines.OpenAsync(host);

        await lines.SendAsync(Result());
        var answer = (await lines.ReadAsync())!.Value;

        Assert.That(answer.Text("code"), Is.EqualTo("event_too_large"));
        Assert.That(answer.GetProperty("limit").GetInt64(), Is.EqualTo(4096));
        ShouldBeTheResult(await page.ReadAsync<ErrorMessage>());
        ShouldBeTheResult(host.Failures.Latest(1).Single());
    }

    [Test]
    public async Task BigResult_WhoseLineNeverEnds_IsShownAsSoonAsItIsTooLong()
    {
        await using var host = await PipelineHost.StartAsync(settings: Settings);
        await using var page = await TestClient.ConnectAsync(host.SocketAddress("ada"));
        await using var lines = await PublishLines.OpenAsync(host);

        await lines.SendAsync(Encoding.UTF8.GetBytes(Result()[..10_000]));

        ShouldBeTheResult(await page.ReadAsync<ErrorMessage>());
    }

    [Test]
    public async Task BigResult_AsASingleEvent_IsShownWithItsRunAndItsCall([Values] bool chunked)
    {
        await using var host = await PipelineHost.StartAsync(settings: Settings);
        await using var page = await TestClient.ConnectAsync(host.SocketAddress("ada"));
        using var http = host.CreateClient();
        using var content = new StringContent(Result(), Encoding.UTF8, "application/json");
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/events") { Content = content };
        request.Headers.TransferEncodingChunked = chunked;

        using var response = await http.SendAsync(request);

        Assert.That(response.StatusCode, Is.EqualTo(HttpStatusCode.RequestEntityTooLarge));
        ShouldBeTheResult(await page.ReadAsync<ErrorMessage>());
    }

    [Test]
    public async Task BigResult_ThatIsTooLargeOnceItIsEncoded_IsShownWithItsRunAndItsCall()
    {
        await using var host = await PipelineHost.StartAsync(settings: Settings);
        await using var page = await TestClient.ConnectAsync(host.SocketAddress("ada"));
        using var http = host.CreateClient();

        (await http.PublishAsync(Result().Replace(Huge, Huge[..2000], StringComparison.Ordinal))).ShouldBe(
            HttpStatusCode.RequestEntityTooLarge, "event_too_large");

        ShouldBeTheResult(await page.ReadAsync<ErrorMessage>());
    }

    [TestCase("x", null, null)]
    [TestCase("", null, null)]
    [TestCase("[1]", null, null)]
    [TestCase("{}", null, null)]
    [TestCase("""{"user_id":"ada","run_id":"r1","thread_id":"t1","type":5}""", "ada", "r1")]
    [TestCase("""{"type":5,"user_id":"ada","run_id":"r1","thread_id":"t1"}""", "ada", "r1")]
    [TestCase("""{"user_id":"ada","run_id":"r1","type":"token","data":{"delta":""", "ada", "r1")]
    [TestCase("""{"user_id":"ada","run_id":{"a":[1]},"thread_id":"t1","type":"token"}""", "ada", null)]
    [TestCase("""{"user_id":"ada","run_id":"r1","thread_id":"t1","type":"token","data":"text"}""", "ada", "r1")]
    [TestCase("""{"user_id":"ada","run_id":"r1","thread_id":"t1","type":"token","data":{"delta":7}}""", "ada", "r1")]
    [TestCase("""{"user_id":"ada","run_id":"r1","thread_id":"t1","type":"nonsense"}""", "ada", "r1")]
    [TestCase("""{"user_id":"$system","run_id":"r1","thread_id":"t1","type":5}""", null, "r1")]
    [TestCase("""{"user_id":"a\nb","run_id":"r1","thread_id":"t1","type":5}""", null, "r1")]
    [TestCase("""{"user_id":"ada","run_id":"r1","thread_id":"t1","type":"token","type":"token"}""", "ada", "r1")]
    public async Task Malformed_SingleEvent_NamesWhomItsBytesName(string json, string? user, string? run)
    {
        await using var host = await PipelineHost.StartAsync();
        using var http = host.CreateClient();

        var (response, _) = await http.PublishAsync(json);

        Assert.That(response.StatusCode, Is.EqualTo(HttpStatusCode.BadRequest));
        var failure = host.Failures.Latest(10).Single();
        Assert.That((failure.UserId, failure.RunId), Is.EqualTo((user, run)));
    }

    [TestCase("""{"user_id":"ada","run_id":"r1","type":"token","data":{"delta":"<huge>"}}""", "ada", "r1", "token", null)]
    [TestCase("""{"data":{"delta":"<huge>"},"user_id":"ada","run_id":"r1","type":"token"}""", null, null, null, null)]
    [TestCase(
        """{"type":"tool_completed","data":{"call_id":"c7","nested":{"call_id":"no"},"result":"<huge>"},"user_id":"ada"}""",
        null,
        null,
        "tool_completed",
        "c7")]
    [TestCase("""{"user_id":"$system","run_id":"r1","type":"nonsense","data":{"delta":"<huge>"}}""", null, "r1", null, null)]
    [TestCase("""{"user_id":7,"run_id":"r1","type":"token","x":"<huge>"}""", null, "r1", "token", null)]
    [TestCase("""{"user_id":"ada","run_id":"r1" no json "<huge>"}""", "ada", "r1", null, null)]
    [TestCase("""<huge>""", null, null, null, null)]
    public async Task TooLong_Line_NamesWhatItsBeginningNames(string json, string? user, string? run, string? type, string? call)
    {
        await using var host = await PipelineHost.StartAsync(settings: Settings);
        await using var lines = await PublishLines.OpenAsync(host);

        await lines.SendAsync(json.Replace("<huge>", Huge, StringComparison.Ordinal));

        Assert.That((await lines.ReadAsync())!.Value.Text("code"), Is.EqualTo("event_too_large"));
        var failure = host.Failures.Latest(10).Single();
        Assert.That((failure.UserId, failure.RunId, failure.EventType, failure.CallId), Is.EqualTo((user, run, type, call)));
    }

    private static void ShouldBeTheResult(ErrorMessage error)
        => Assert.That(
            (error.Code, error.ThreadId, error.RunId, error.EventType, error.ToolName, error.CallId),
            Is.EqualTo(("event_too_large", "t1", "r1", "tool_completed", "search", "c1")));

    private static void ShouldBeTheResult(Failure failure)
        => Assert.That(
            (failure.UserId, failure.ThreadId, failure.RunId, failure.EventType, failure.ToolName, failure.CallId),
            Is.EqualTo(("ada", "t1", "r1", "tool_completed", "search", "c1")));
}

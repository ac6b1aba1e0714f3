using System.Net;
using System.Net.Http.Headers;
using System.Text;
using Netra.Pipeline.Tests.Infrastructure;

namespace Netra.Pipeline.Tests.Publishing;

/// <summary>Spec X2: single events above the rate are refused, lines are read later, runs of a user and a publisher are bounded.</summary>
[TestFixture]
[Parallelizable(ParallelScope.All)]
internal sealed class PublishLimitTests
{
    [Test]
    public async Task SingleEvents_AboveTheRate_AreRefusedUntilThereIsRoom()
    {
        var time = new TestTimeProvider();
        await using var host = await PipelineHost.StartAsync(
            settings: [("Netra:Limits:PublishedEventsPerSecond", "2"), ("Netra:Limits:PublishBurst", "00:00:02")], time: time);
        using var http = host.CreateClient();
        for (var i = 0; i < 4; i++)
        {
            Assert.That((int)(await PostAsync(http, Token("r"))).StatusCode, Is.EqualTo(202));
        }

        using var refused = await PostAsync(http, Token("r"));
        Assert.That(refused.StatusCode, Is.EqualTo(HttpStatusCode.TooManyRequests));
        Assert.That(refused.Headers.RetryAfter?.ToString(), Is.EqualTo("1"));
        var problem = await refused.Content.ReadAsStringAsync();
        Assert.That(problem, Does.Contain("\"rate_limited\"").And.Contain("than 2 single events").And.Contain("PublishedEventsPerSecond"));
        time.Advance(TimeSpan.FromSeconds(1));
        Assert.That((int)(await PostAsync(http, Token("r"))).StatusCode, Is.EqualTo(202));
    }

    [Test]
    public async Task Lines_AboveTheRate_AreReadLaterAndAllTaken()
    {
        var time = new TestTimeProvider();
        await using var host = await PipelineHost.StartAsync(
            settings: [("Netra:Limits:PublishedLinesPerSecond", "100"), ("Netra:Limits:PublishBurst", "00:00:01")], time: time);
        using var http = host.CreateClient();

        // More than one piece of input, or all of it would be taken at once.
        var lines = string.Concat(Enumerable.Repeat(Token("r") + "\n", 20_000));
        var answering = PostAsync(http, lines, "application/x-ndjson", HttpCompletionOption.ResponseContentRead);
        await Task.WhenAny(answering, Task.Delay(TimeSpan.FromMilliseconds(300), TimeProvider.System));
        Assert.That(answering.IsCompleted, Is.False, "20,000 lines were read within no time");
        for (var seconds = 0; !answering.IsCompleted; seconds += 10)
        {
            Assert.That(seconds, Is.LessThan(1000));
            time.Advance(TimeSpan.FromSeconds(10));
            await Task.WhenAny(answering, Task.Delay(TimeSpan.FromMilliseconds(10), TimeProvider.System));
        }

        var receipts = await (await answering).Content.ReadAsStringAsync();
        Assert.That(receipts.Split('\n').Count(static line => line.Contains("\"stored\"")), Is.EqualTo(20_000));
    }

    [Test]
    public async Task RefusedLines_AboveTheRate_AreReadLaterAndAllAnswered()
    {
        var time = new TestTimeProvider();
        await using var host = await PipelineHost.StartAsync(
            settings: [("Netra:Limits:RefusedEventsPerSecond", "64"), ("Netra:Limits:PublishBurst", "00:00:01")], time: time);
        using var http = host.CreateClient();

        var answering = PostAsync(
            http, string.Concat(Enumerable.Repeat("x\n", 1000)), "application/x-ndjson", HttpCompletionOption.ResponseContentRead);
        await Task.WhenAny(answering, Task.Delay(TimeSpan.FromMilliseconds(300), TimeProvider.System));
        Assert.That(answering.IsCompleted, Is.False, "1,000 lines were refused within no time");
        Assert.That((int)(await PostAsync(http, Token("r"))).StatusCode, Is.EqualTo(202), "single events are counted by themselves");
        for (var seconds = 0; !answering.IsCompleted; seconds++)
        {
            Assert.That(seconds, Is.LessThan(100));
            time.Advance(TimeSpan.FromSeconds(1));
            await Task.WhenAny(answering, Task.Delay(TimeSpan.FromMilliseconds(10), TimeProvider.System));
        }

        var answers = await (await answering).Content.ReadAsStringAsync();
        Assert.That(answers.Split('\n').Count(static line => line.Contains("\"rejected\"")), Is.EqualTo(1000));
    }

    [TestCase("MaxOpenRunsPerUser")]
    [TestCase("MaxOpenRunsPerPublisher")]
    public async Task Runs_AboveTheLimit_DoNotBegin(string limit)
    {
        await using var host = await PipelineHost.StartAsync(
            settings: [($"Netra:Limits:{limit}", "3"), ("Netra:Monitoring:Enabled", "true")]);
        using var http = host.CreateClient();
        foreach (var run in (string[])["r1", "r2", "r3", "r3"])
        {
            Assert.That((int)(await PostAsync(http, Token(run))).StatusCode, Is.EqualTo(202));
        }

        using var refused = await PostAsync(http, Token("r4"));
        Assert.That(refused.StatusCode, Is.EqualTo(HttpStatusCode.TooManyRequests));
        Assert.That(await refused.Content.ReadAsStringAsync(), Does.Contain("too_many_runs").And.Contain($"Netra:Limits:{limit}"));
        Assert.That((int)(await PostAsync(http, Token("r1"))).StatusCode, Is.EqualTo(202), "what has begun goes on");

        await PostAsync(http, Event("r1", "agent_completed", """{"agent_name":"a"}"""));
        Assert.That((int)(await PostAsync(http, Token("r4"))).StatusCode, Is.EqualTo(202), "one has ended");
        Assert.That((int)(await PostAsync(http, Token("r5"))).StatusCode, Is.EqualTo(429));
    }

    [Test]
    public async Task Requests_OfOnePublisher_AreBounded()
    {
        await using var host = await PipelineHost.StartAsync(settings: [("Netra:Limits:MaxOpenRequestsPerPublisher", "1")]);
        using var http = host.CreateClient();
        await using var first = await PublishLines.OpenAsync(host.Port);

        using var refused = await PostAsync(http, Token("r") + "\n", "application/x-ndjson");
        Assert.That(refused.StatusCode, Is.EqualTo(HttpStatusCode.ServiceUnavailable));
        Assert.That(await refused.Content.ReadAsStringAsync(), Does.Contain("Netra:Limits:MaxOpenRequestsPerPublisher"));
    }

    private static string Token(string run) => Event(run, "token", """{"delta":"x"}""");

    private static string Event(string run, string type, string data)
        => $$"""{"user_id":"ada","thread_id":"t1","run_id":"{{run}}","type":"{{type}}","data":{{data}}}""";

    private static Task<HttpResponseMessage> PostAsync(
        HttpClient http,
        string body,
        string type = "application/json",
        HttpCompletionOption completion = HttpCompletionOption.ResponseHeadersRead)
    {
        var content = new StringContent(body, Encoding.UTF8);
        content.Headers.ContentType = new MediaTypeHeaderValue(type);
        return http.SendAsync(new HttpRequestMessage(HttpMethod.Post, "/v1/events") { Content = content }, completion);
    }
}

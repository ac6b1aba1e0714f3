using System.Net;
using System.Net.Http.Headers;
using System.Text;
using Netra.Pipeline.Tests.Infrastructure;
using Netra.Pipeline.Tests.Security;

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
    public async Task SingleEvents_WithMoreBytesThanTheRate_AreRefusedUntilThereIsRoom()
    {
        var time = new TestTimeProvider();
        await using var host = await PipelineHost.StartAsync(
            settings: [("Netra:Limits:PublishedBytesPerSecond", "65536"), ("Netra:Limits:PublishBurst", "00:00:01")], time: time);
        using var http = host.CreateClient();
        var large = Event("r", "token", $$"""{"delta":"{{new string('x', 100_000)}}"}""");
        Assert.That((int)(await PostAsync(http, large)).StatusCode, Is.EqualTo(202), "nobody knows how long a body is before it has come");

        using var refused = await PostAsync(http, Token("r"));
        Assert.That(refused.StatusCode, Is.EqualTo(HttpStatusCode.TooManyRequests));
        Assert.That(refused.Headers.RetryAfter, Is.Not.Null);
        Assert.That(await refused.Content.ReadAsStringAsync(), Does.Contain("65536 bytes a second").And.Contain("PublishedBytesPerSecond"));
        time.Advance(TimeSpan.FromSeconds(1));
        Assert.That((int)(await PostAsync(http, Token("r"))).StatusCode, Is.EqualTo(202));
    }

    [Test]
    public async Task SingleEvents_ThatAreRefusedTooOften_AreNotReadUntilThereIsRoom()
    {
        var time = new TestTimeProvider();
        await using var host = await PipelineHost.StartAsync(
            settings: [("Netra:Limits:RefusedEventsPerSecond", "2"), ("Netra:Limits:PublishBurst", "00:00:01")], time: time);
        using var http = host.CreateClient();
        for (var i = 0; i < 3; i++)
        {
            Assert.That((int)(await PostAsync(http, "no JSON")).StatusCode, Is.EqualTo(400));
        }

        using var refused = await PostAsync(http, "no JSON");
        Assert.That(refused.StatusCode, Is.EqualTo(HttpStatusCode.TooManyRequests));
        Assert.That(await refused.Content.ReadAsStringAsync(), Does.Contain("more than 2 of them are refused"));
        time.Advance(TimeSpan.FromSeconds(1));
        Assert.That((int)(await PostAsync(http, Token("r"))).StatusCode, Is.EqualTo(202));
    }

    [Test]
    public async Task SingleEvents_OfOnePublisherAboveItsLimits_RefuseNobodyElse()
    {
        using var issuer = TokenIssuer.Rsa();
        var time = new TestTimeProvider();
        await using var host = await SecureClient.StartAsync(
        [
            .. issuer.Settings(), ("Netra:Limits:PublishedEventsPerSecond", "1"), ("Netra:Limits:PublishBurst", "00:00:02"),
            ("Netra:Limits:MaxOpenRunsPerPublisher", "1"), ("Netra:Monitoring:Enabled", "true"),
        ], time);
        var admin = issuer.Issue("admin", time.GetUtcNow(), TimeSpan.FromHours(1), roles: ["netra.configure"]);
        var (one, other) = (await host.MakeKeyAsync(admin, "one", "publish"), await host.MakeKeyAsync(admin, "other", "publish"));

        Assert.That(await host.PublishAsync(one, "ada"), Is.EqualTo(HttpStatusCode.Accepted));
        var (status, body, _) = await host.SendAsync(HttpMethod.Post, "/v1/events", one, SecureClient.EventOf("ada", "r2"));
        Assert.That((status, body.Text("code")), Is.EqualTo((HttpStatusCode.TooManyRequests, "too_many_runs")));
        (status, body, _) = await host.SendAsync(HttpMethod.Post, "/v1/events", one, SecureClient.EventOf("ada"));
        Assert.That((status, body.Text("code")), Is.EqualTo((HttpStatusCode.TooManyRequests, "rate_limited")));

        (status, _, _) = await host.SendAsync(HttpMethod.Post, "/v1/events", other, SecureClient.EventOf("ada", "r3"));
        Assert.That(status, Is.EqualTo(HttpStatusCode.Accepted));
    }

    [Test]
    public async Task Streams_OfOneRequest_AreLetGoWhereOthersAreNeeded()
    {
        await using var host = await PipelineHost.StartAsync(
            settings: [("Netra:Streams:IdleGrace", "00:00:00"), ("Netra:Streams:MaxIdleStreams", "0")]);
        await using var lines = await PublishLines.OpenAsync(host.Port);
        foreach (var part in Enumerable.Range(0, 3000).Chunk(500))
        {
            await lines.SendAsync(string.Join('\n', part.Select(static i => TokenOf($"user-{i}"))));
            Assert.That((await lines.ReadAsync(500)).Select(static answer => answer.Text("code")), Is.All.Null);
        }

        await Eventually.BecomesTrueAsync(() => host.Streams.Count <= 1100, "the others have been unloaded");
        await lines.SendAsync(TokenOf("user-0"));
        Assert.That((await lines.ReadAsync())!.Value.Seq(), Is.EqualTo(2), "one that was let go is loaded again");
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
        using var patience = new CancellationTokenSource(TestClient.Patience);
        while (!answering.IsCompleted)
        {
            Assert.That(patience.IsCancellationRequested, Is.False, "not all of them are read");
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
        using var patience = new CancellationTokenSource(TestClient.Patience);
        while (!answering.IsCompleted)
        {
            Assert.That(patience.IsCancellationRequested, Is.False, "not all of them are answered");
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

    private static string TokenOf(string user)
        => $$$"""{"user_id":"{{{user}}}","thread_id":"t1","run_id":"r1","type":"token","data":{"delta":"x"}}""";

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

using System.Net;
using System.Net.Sockets;
using System.Text;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Netra.Pipeline.Emission;
using Netra.Pipeline.Failures;
using Netra.Pipeline.Protocol;
using Netra.Pipeline.Sqlite;
using Netra.Pipeline.Storage;
using Netra.Pipeline.Tests.EventStreams;
using Netra.Pipeline.Tests.Infrastructure;
using Netra.Pipeline.Tests.Monitoring.Operators;
using Netra.Pipeline.Tests.Sqlite;
using static Netra.Pipeline.Tests.Infrastructure.PublishExtensions;

namespace Netra.Pipeline.Tests.Publishing;

/// <summary>Single events under idempotency keys (docs/protocol.md, section 9.2).</summary>
[TestFixture]
[Parallelizable(ParallelScope.All)]
internal sealed class IdempotencyTests
{
    private const string HeaderName = "Idempotency-Key";

    [Test]
    public async Task Key_PublishedAgain_GetsTheFirstAnswerByteForByte()
    {
        await using var host = await PipelineHost.StartAsync();
        using var http = host.CreateClient();
        ExactAnswer first;
        await using (await TestClient.ConnectAsync(host.SocketAddress("ada")))
        {
            first = await http.PublishExactlyAsync(TokenJson("x").WithKey("k"));
        }

        // Whoever is connected now, and however it is written: it is the same event.
        var again = await http.PublishExactlyAsync(
            "{ \"idempotency_key\" : \"k\", \"type\":\"token\", \"data\" : { \"delta\" :\t\"x\" } , "
            + "\"run_id\":\"r1\",\r\n\"thread_id\":\"t1\",\"user_id\":\"ada\",\"more\":1}");
        var other = await http.PublishExactlyAsync(TokenJson("x"));

        Assert.That((first.Status, first.IsReplay), Is.EqualTo((HttpStatusCode.Created, false)));
        Assert.That(again, Is.EqualTo(first with { IsReplay = true }));
        Assert.That(other.Json.Seq(), Is.EqualTo(2));
        Assert.That(other.IsReplay, Is.False);
    }

    [TestCase("user_id", "bob")]
    [TestCase("thread_id", "t2")]
    [TestCase("run_id", "r2")]
    [TestCase("delta", "y")]
    [TestCase("delta", "x ")]
    public async Task Key_UsedForOtherContent_Conflicts(string member, string value)
    {
        await using var host = await PipelineHost.StartAsync();
        using var http = host.CreateClient();
        var json = TokenJson("x").WithKey("k");
        var first = await http.PublishExactlyAsync(json);

        var was = member switch { "user_id" => "ada", "thread_id" => "t1", "run_id" => "r1", _ => "x" };
        var answer = await http.PublishAsync(
            json.Replace($"\"{member}\":\"{was}\"", $"\"{member}\":\"{value}\"", StringComparison.Ordinal));

        answer.ShouldBe(HttpStatusCode.Conflict, "idempotency_conflict");
        Assert.That(host.Failures.Latest(10).Single().Code, Is.EqualTo(FailureCode.IdempotencyConflict));
        Assert.That(await http.PublishExactlyAsync(json), Is.EqualTo(first with { IsReplay = true }), "the key is still the first one's");
    }

    [Test]
    public async Task Key_UsedForAnotherType_Conflicts()
    {
        await using var host = await PipelineHost.StartAsync();
        using var http = host.CreateClient();
        const string Data = """{"agent_name":"a","thought":"a"}""";
        await http.PublishAsync(EventJson("agent_thinking", Data).WithKey("k"));

        (await http.PublishAsync(EventJson("agent_started", Data).WithKey("k"))).ShouldBe(HttpStatusCode.Conflict, "idempotency_conflict");
    }

    [Test]
    public async Task Key_InTheHeader_IsTheSameAsInTheEvent()
    {
        await using var host = await PipelineHost.StartAsync();
        using var http = host.CreateClient();
        var bytes = Encoding.UTF8.GetBytes(TokenJson());
        var both = Encoding.UTF8.GetBytes(TokenJson().WithKey("k \"1\""));

        var (_, first) = await http.PublishAsync(bytes, configure: static request => request.Headers.Add(HeaderName, "k \"1\""));
        var (_, second) = await http.PublishAsync(both, configure: static request => request.Headers.Add(HeaderName, "k \"1\""));
        var (response, third) = await http.PublishAsync(both);

        Assert.That((second.GetRawText(), third.GetRawText()), Is.EqualTo((first.GetRawText(), first.GetRawText())));
        Assert.That(response.Headers.GetValues("Idempotency-Replayed"), Is.EqualTo(new[] { "true" }));
        (await http.PublishAsync(both, configure: static request => request.Headers.Add(HeaderName, "other"))).ShouldBe(
            HttpStatusCode.BadRequest, "invalid_event");
        (await http.PublishAsync(bytes, configure: static request => request.Headers.Add(HeaderName, string.Empty))).ShouldBe(
            HttpStatusCode.BadRequest, "invalid_event");
    }

    [Test]
    public async Task Key_InTwoHeaders_IsRefused()
    {
        await using var host = await PipelineHost.StartAsync();
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, host.Port);
        await using var stream = client.GetStream();

        // HttpClient would make one field of them.
        var body = TokenJson();
        await stream.WriteAsync(Encoding.ASCII.GetBytes(
            "POST /v1/events HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\nContent-Type: application/json\r\n"
            + $"Idempotency-Key: k\r\nIdempotency-Key: k\r\nContent-Length: {body.Length}\r\n\r\n{body}"));
        using var reader = new StreamReader(stream);

        Assert.That(await reader.ReadToEndAsync(), Does.StartWith("HTTP/1.1 400 ").And.Contains("must occur once"));
    }

    [TestCase("\"\"", "1 to 256 bytes")]
    [TestCase("5", "must be a string")]
    [TestCase("\"k\",\"idempotency_key\":\"k\"", "occurs twice")]
    [TestCase("\"\\ud800\"", "not Unicode")]
    public async Task Key_Malformed_IsRefused(string key, string detail)
    {
        await using var host = await PipelineHost.StartAsync();
        using var http = host.CreateClient();

        var answer = await http.PublishAsync($$"""{{TokenJson()[..^1]}},"idempotency_key":{{key}}}""");

        answer.ShouldBe(HttpStatusCode.BadRequest, "invalid_event");
        Assert.That(answer.Body.Text("detail"), Does.Contain(detail));
    }

    [Test]
    public async Task Key_LongestOne_IsTakenAndLongerOnesAreNot()
    {
        await using var host = await PipelineHost.StartAsync();
        using var http = host.CreateClient();
        var longest = new string('é', 128);

        var first = await http.PublishExactlyAsync(TokenJson().WithKey(longest));

        Assert.That(await http.PublishExactlyAsync(TokenJson().WithKey(longest)), Is.EqualTo(first with { IsReplay = true }));
        (await http.PublishAsync(TokenJson().WithKey(longest + "x"))).ShouldBe(HttpStatusCode.BadRequest, "invalid_event");
    }

    [Test]
    public async Task Key_Null_IsNone()
    {
        await using var host = await PipelineHost.StartAsync();
        using var http = host.CreateClient();
        var json = $$"""{{TokenJson()[..^1]}},"idempotency_key":null}""";

        var receipts = new[] { await http.PublishExactlyAsync(json), await http.PublishExactlyAsync(json) };

        Assert.That(receipts.Select(static r => (r.Json.Seq(), r.IsReplay)), Is.EqualTo(new[] { (1L, false), (2L, false) }));
    }

    [Test]
    public async Task Key_HundredAtOnce_MakeOneEvent([Values] KindOfLog log)
    {
        await using var host = await PipelineHost.StartAsync(log: log);
        await using var page = await TestClient.ConnectAsync(host.SocketAddress("ada"));
        using var http = host.CreateClient();

        var answers = await Task.WhenAll(Enumerable.Range(0, 100).Select(_ => http.PublishExactlyAsync(TokenJson("once").WithKey("k"))));

        await http.PublishAsync(TokenJson("last"));
        Assert.That(
            (await page.ReadEventsAsync(2)).Select(static e => e.Data.GetProperty("delta").GetString()),
            Is.EqualTo(new[] { "once", "last" }));
        Assert.That(answers.Select(static a => (a.Status, a.Body)), Has.All.EqualTo((HttpStatusCode.Created, answers[0].Body)));
        Assert.That(answers.Count(static a => !a.IsReplay), Is.EqualTo(1));
        await Eventually.BecomesTrueAsync(() => IndexOf(host).Count == 0, "the key left the memory");
    }

    [Test]
    public async Task Key_ServerStartedAgain_GetsTheFirstAnswerByteForByte()
    {
        using var folder = new SqliteFolder();
        var answers = new List<ExactAnswer>();
        for (var i = 0; i < 2; i++)
        {
            await using var host = await PipelineHost.StartAsync(
                static pipeline => pipeline.UseEventLog<SqliteEventLog>(), [("Netra:DataDirectory", folder.Path)]);
            using var http = host.CreateClient();
            answers.Add(await http.PublishExactlyAsync(TokenJson("x").WithKey("k")));
            (await http.PublishAsync(TokenJson($"{i}").WithKey("k"))).ShouldBe(HttpStatusCode.Conflict, "idempotency_conflict");
        }

        Assert.That(answers[1], Is.EqualTo(answers[0] with { IsReplay = true }));
    }

    [Test]
    public async Task Key_FirstNotStoredYet_DuplicatesWaitAndOthersConflictAtOnce()
    {
        await using var host = await PipelineHost.StartAsync(static pipeline => pipeline.UseEventLog<HoldingEventLog>());
        var log = (HoldingEventLog)host.Services.GetRequiredService<IEventLog>();
        await using var page = await TestClient.ConnectAsync(host.SocketAddress("ada"));
        using var http = host.CreateClient();
        log.Hold();

        var first = http.PublishExactlyAsync(TokenJson("x").WithKey("k"));
        await page.ReadAsync<EventMessage>();
        var duplicate = http.PublishExactlyAsync(TokenJson("x").WithKey("k"));
        (await http.PublishAsync(TokenJson("y").WithKey("k"))).ShouldBe(HttpStatusCode.Conflict, "idempotency_conflict");
        for (var i = 0; i < 20; i++)
        {
            using var other = await http.GetAsync("/livez");
        }

        Assert.That((first.IsCompleted, duplicate.IsCompleted, IndexOf(host).Count), Is.EqualTo((false, false, 1)));
        log.Release();

        Assert.That(await duplicate, Is.EqualTo(await first with { IsReplay = true }));
        await Eventually.BecomesTrueAsync(() => IndexOf(host).Count == 0, "the key left the memory");
        Assert.That(await http.PublishExactlyAsync(TokenJson("x").WithKey("k")), Is.EqualTo(await duplicate), "now the log answers");
    }

    [Test]
    public async Task Key_FirstRefused_LeavesNoTrace()
    {
        await using var host = await PipelineHost.StartAsync(static pipeline => pipeline.UseEventLog<HoldingEventLog>());
        var log = (HoldingEventLog)host.Services.GetRequiredService<IEventLog>();
        using var http = host.CreateClient();

        (await http.PublishAsync(EventJson("token", "{}").WithKey("k"))).ShouldBe(HttpStatusCode.BadRequest, "invalid_event");
        log.Refusal = AppendResult.Full;
        (await http.PublishAsync(TokenJson("x").WithKey("k"))).ShouldBe(HttpStatusCode.ServiceUnavailable, "log_full");
        Assert.That(IndexOf(host).Count, Is.Zero);
        log.Refusal = AppendResult.Taken;
        var answer = await http.PublishExactlyAsync(TokenJson("y").WithKey("k"));

        Assert.That((answer.Status, answer.Json.Seq(), answer.IsReplay), Is.EqualTo((HttpStatusCode.Accepted, 1, false)));
    }

    [Test]
    public async Task Key_StoringNotConfirmedInTime_AnotherTryWaitsForTheSameEvent()
    {
        var time = new TestTimeProvider();
        await using var host = await PipelineHost.StartAsync(static pipeline => pipeline.UseEventLog<HoldingEventLog>(), time: time);
        var log = (HoldingEventLog)host.Services.GetRequiredService<IEventLog>();
        await using var page = await TestClient.ConnectAsync(host.SocketAddress("ada"));
        using var http = host.CreateClient();
        log.Hold();

        var publishing = http.PublishExactlyAsync(TokenJson("x").WithKey("k"));
        await page.ReadAsync<EventMessage>();
        while (!publishing.IsCompleted)
        {
            time.Advance(TimeSpan.FromSeconds(1));
            await Task.WhenAny(publishing, Task.Delay(TimeSpan.FromMilliseconds(5), TimeProvider.System));
        }

        var failed = await publishing;
        Assert.That(
            (failed.Status, failed.Json.Text("code"), failed.Json.Seq()),
            Is.EqualTo((HttpStatusCode.ServiceUnavailable, "log_failed", 1)));
        var again = http.PublishExactlyAsync(TokenJson("x").WithKey("k"));
        for (var i = 0; i < 20; i++)
        {
            using var other = await http.GetAsync("/livez");
        }

        Assert.That((again.IsCompleted, IndexOf(host).Count), Is.EqualTo((false, 1)), "the key is still known");
        log.Release();

        Assert.That((await again).Json.Seq(), Is.EqualTo(1));
        Assert.That(await again, Has.Property("Status").EqualTo(HttpStatusCode.Created).And.Property("IsReplay").True);
    }

    [Test]
    public async Task Key_LogEndsWithoutStoring_IsSaidAndNotRemembered()
    {
        await using var host = await PipelineHost.StartAsync(static pipeline => pipeline.UseEventLog<HoldingEventLog>());
        var log = (HoldingEventLog)host.Services.GetRequiredService<IEventLog>();
        await using var page = await TestClient.ConnectAsync(host.SocketAddress("ada"));
        using var http = host.CreateClient();
        log.Hold();
        var publishing = http.PublishAsync(TokenJson("x").WithKey("k"));
        await page.ReadAsync<EventMessage>();
        Assert.That(host.Streams.TryGetLoaded("ada", out var stream), Is.True);

        // Abandoned again and again, since the publisher may not wait for the commit yet.
        while (!publishing.IsCompleted)
        {
            stream!.Storage.OnAbandoned(new IOException("the disk is gone"));
            await Task.Yield();
        }

        var answer = await publishing;
        answer.ShouldBe(HttpStatusCode.ServiceUnavailable, "log_failed");
        Assert.That(answer.Body.Seq(), Is.EqualTo(1));
        await Eventually.BecomesTrueAsync(() => IndexOf(host).Count == 0, "the key left the memory");
        log.Release();
    }

    [Test]
    public async Task Key_OfARunsEnd_IsAnsweredThoughTheRunHasEnded()
    {
        await using var host = await PipelineHost.StartAsync();
        using var http = host.CreateClient();
        var json = EventJson("agent_completed", """{"agent_name":"a"}""").WithKey("end");
        var first = await http.PublishExactlyAsync(json);

        Assert.That(await http.PublishExactlyAsync(json), Is.EqualTo(first with { IsReplay = true }));
        (await http.PublishAsync(json.Replace("end", "other", StringComparison.Ordinal))).ShouldBe(HttpStatusCode.Conflict, "run_ended");
    }

    [Test]
    public async Task Key_OfARunsBegin_IsAnsweredWhileDraining()
    {
        await using var host = await PipelineHost.StartAsync();
        using var http = host.CreateClient();
        var json = EventJson("agent_started", """{"agent_name":"a"}""").WithKey("k");
        var first = await http.PublishExactlyAsync(json);
        await host.Bridge.BeginDraining();

        Assert.That(await http.PublishExactlyAsync(json), Is.EqualTo(first with { IsReplay = true }));
        (await http.PublishAsync(json.Replace("\"k\"", "\"new\"", StringComparison.Ordinal))).ShouldBe(
            HttpStatusCode.ServiceUnavailable, "draining");
        host.Bridge.Fail("the disk is gone");
        (await http.PublishAsync(json)).ShouldBe(HttpStatusCode.ServiceUnavailable, "bridge_unavailable");
    }

    [Test]
    public async Task Key_WindowOver_IsAsGoodAsNew()
    {
        var time = new TestTimeProvider();
        await using var host = await PipelineHost.StartAsync(settings: [("Netra:Publish:IdempotencyWindow", "00:01:00")], time: time);
        var log = host.Services.GetRequiredService<IEventLog>();
        using var http = host.CreateClient();
        await http.PublishExactlyAsync(TokenJson().WithKey("k"));

        time.Advance(TimeSpan.FromSeconds(59));
        await log.ExpireAsync(DateTimeOffset.MinValue, CancellationToken.None);
        Assert.That((await http.PublishExactlyAsync(TokenJson().WithKey("k"))).IsReplay, Is.True);
        time.Advance(TimeSpan.FromSeconds(1));
        await log.ExpireAsync(DateTimeOffset.MinValue, CancellationToken.None);
        var answer = await http.PublishExactlyAsync(TokenJson().WithKey("k"));

        Assert.That((answer.Json.Seq(), answer.IsReplay), Is.EqualTo((2, false)));
    }

    [Test]
    public async Task Key_FirstRefusedWhileOthersWait_BindsNobody()
    {
        await using var host = await PipelineHost.StartAsync(static pipeline => pipeline.UseEventLog<KeyedEventLog>());
        var log = (KeyedEventLog)host.Services.GetRequiredService<IEventLog>();
        using var http = host.CreateClient();
        log.Hold();
        var first = http.PublishAsync(TokenJson("x").WithKey("k"));
        await Eventually.BecomesTrueAsync(() => log.Questions == 1, "the first asks for the key");
        var second = http.PublishExactlyAsync(TokenJson("y").WithKey("k"));

        log.Release(new InvalidOperationException("secret"));

        var failed = await first;
        failed.ShouldBe(HttpStatusCode.ServiceUnavailable, "log_failed");
        Assert.That(failed.Body.ToString(), Does.Not.Contain("secret"));
        Assert.That((await second).Json.Seq(), Is.EqualTo(1));
        Assert.That((await second).IsReplay, Is.False);
    }

    [Test]
    public async Task Key_FirstPublisherHangsUpBeforeItsEventIsAccepted_TheNextIsTheFirst()
    {
        await using var host = await PipelineHost.StartAsync(static pipeline => pipeline.UseEventLog<KeyedEventLog>());
        var log = (KeyedEventLog)host.Services.GetRequiredService<IEventLog>();
        using var http = host.CreateClient();
        using var hangUp = new CancellationTokenSource();
        log.Hold();
        var first = http.PublishExactlyAsync(TokenJson("x").WithKey("k"), hangUp.Token);
        await Eventually.BecomesTrueAsync(() => log.Questions == 1, "the first asks for the key");
        var second = http.PublishExactlyAsync(TokenJson("x").WithKey("k"));

        await hangUp.CancelAsync();
        Assert.That(() => first, Throws.InstanceOf<OperationCanceledException>());
        await Eventually.BecomesTrueAsync(() => log.Questions == 2, "the second asks for the key");
        log.Release();

        Assert.That(await second, Has.Property("IsReplay").False);
        Assert.That(host.Failures.Total, Is.Zero);
    }

    [Test]
    public async Task Key_FirstPublisherHangsUpAfterItsEventIsAccepted_TheEventIsStillTheFirst()
    {
        await using var host = await PipelineHost.StartAsync(static pipeline => pipeline.UseEventLog<HoldingEventLog>());
        var log = (HoldingEventLog)host.Services.GetRequiredService<IEventLog>();
        await using var page = await TestClient.ConnectAsync(host.SocketAddress("ada"));
        using var http = host.CreateClient();
        using var hangUp = new CancellationTokenSource();
        log.Hold();
        var first = http.PublishExactlyAsync(TokenJson("x").WithKey("k"), hangUp.Token);
        await page.ReadAsync<EventMessage>();

        await hangUp.CancelAsync();
        Assert.That(() => first, Throws.InstanceOf<OperationCanceledException>());
        var second = http.PublishExactlyAsync(TokenJson("x").WithKey("k"));
        log.Release();

        Assert.That((await second).Json.Seq(), Is.EqualTo(1));
        Assert.That(await second, Has.Property("IsReplay").True);
    }

    [Test]
    public async Task Key_OfAnotherPublisher_IsAnother()
    {
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { EnvironmentName = "Production" });
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Services.AddAuthentication(BearerHandler.Name).AddScheme<AuthenticationSchemeOptions, BearerHandler>(
            BearerHandler.Name, null);
        builder.Services.AddAuthorization();
        builder.Services.AddNetraPipeline().UseInMemoryEventLog().UseAuthenticator<LoopbackAuthenticator>();
        await using var app = builder.Build();
        app.UseAuthentication();
        app.UseAuthorization();
        app.MapNetraPipeline().RequireAuthorization();
        await app.StartAsync();
        using var http = new HttpClient { BaseAddress = new Uri(app.Urls.First()) };

        var bytes = Encoding.UTF8.GetBytes(TokenJson().WithKey("k"));
        var seqs = new List<long>();
        foreach (var publisher in new[] { "right:a", "right:b", "right", "right:a", "right:b", "right" })
        {
            var (_, receipt) = await http.PublishAsync(
                bytes, configure: request => request.Headers.Authorization = new("Bearer", publisher));
            seqs.Add(receipt.Seq());
        }

        Assert.That(seqs, Is.EqualTo(new long[] { 1, 2, 3, 1, 2, 3 }));
    }

    private static IdempotencyIndex IndexOf(PipelineHost host) => host.Services.GetRequiredService<IdempotencyIndex>();
}

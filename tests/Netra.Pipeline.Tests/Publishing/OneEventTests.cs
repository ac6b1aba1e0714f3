using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Netra.Pipeline.Failures;
using Netra.Pipeline.Protocol;
using Netra.Pipeline.Storage;
using Netra.Pipeline.Tests.Infrastructure;
using static Netra.Pipeline.Tests.Infrastructure.PublishExtensions;

namespace Netra.Pipeline.Tests.Publishing;

/// <summary><c>POST /v1/events</c> with one event.</summary>
[TestFixture]
[Parallelizable(ParallelScope.All)]
internal sealed class OneEventTests
{
    [Test]
    public async Task Event_DeviceConnected_IsCreatedAndArrives()
    {
        await using var host = await PipelineHost.StartAsync();
        await using var page = await TestClient.ConnectAsync(host.SocketAddress("ada"));
        using var http = host.CreateClient();

        var (response, receipt) = await http.PublishAsync(EventJson("agent_started", """{"agent_name":"a","extra":[1]}"""));

        var arrived = await page.ReadAsync<EventMessage>();
        Assert.That(response.StatusCode, Is.EqualTo(HttpStatusCode.Created));
        Assert.That(response.Content.Headers.ContentType?.ToString(), Is.EqualTo("application/json"));
        Assert.That((receipt.Text("id"), receipt.Seq(), receipt.Text("status")), Is.EqualTo((arrived.Id, 1, "queued")));
        Assert.That((arrived.EventType, arrived.ThreadId, arrived.RunId), Is.EqualTo((EventType.AgentStarted, "t1", "r1")));
        Assert.That(arrived.Data.GetProperty("extra").GetRawText(), Is.EqualTo("[1]"));
        Assert.That(arrived.Data.GetProperty("metadata").GetRawText(), Is.EqualTo("{}"));
        Assert.That(arrived.Data.GetProperty("timestamp").GetDouble(), Is.EqualTo(arrived.Timestamp));
    }

    [Test]
    public async Task Event_NobodyConnected_IsAcceptedAndWaits()
    {
        await using var host = await PipelineHost.StartAsync();
        using var http = host.CreateClient();

        var (response, receipt) = await http.PublishAsync(TokenJson("later"));

        Assert.That(response.StatusCode, Is.EqualTo(HttpStatusCode.Accepted));
        Assert.That(receipt.EnumerateObject().Select(static m => m.Name), Is.EqualTo(new[] { "id", "seq", "status" }));
        Assert.That(receipt.Text("status"), Is.EqualTo("stored"));
        await using var page = await TestClient.ConnectAsync(host.SocketAddress("ada", "&seq=0"));
        Assert.That((await page.ReadAsync<EventMessage>()).Id, Is.EqualTo(receipt.Text("id")));
    }

    [Test]
    public async Task Event_QueueOfDeviceFull_IsAcceptedWithWarningAndReportedOnce()
    {
        await using var host = await PipelineHost.StartAsync(
            settings: [("Netra:Connections:QueueFrames", "16"), ("Netra:Connections:SendBufferBytes", "16384")]);
        await using var page = await TestClient.ConnectAsync(host.SocketAddress("ada"));
        using var http = host.CreateClient();

        var statuses = new List<(HttpStatusCode Code, string? Status, string? Warning)>();
        while (statuses.Count(static s => s.Status == "lagging") < 3)
        {
            var (response, receipt) = await http.PublishAsync(TokenJson(new string('x', 200_000)));
            statuses.Add((response.StatusCode, receipt.Text("status"), receipt.Text("warning")));
        }

        Assert.That(statuses[..^3], Has.All.EqualTo((HttpStatusCode.Created, "queued", (string?)null)));
        Assert.That(statuses[^3..], Has.All.EqualTo((HttpStatusCode.Accepted, "lagging", "buffer_overflow")));
        Assert.That(host.Failures.Latest(10).Select(static f => f.Code), Is.EqualTo(new[] { FailureCode.BufferOverflow }));
        Assert.That(
            (await page.ReadEventsAsync(statuses.Count)).Select(static e => e.Seq),
            Is.EqualTo(Enumerable.Range(1, statuses.Count).Select(static i => (long)i)));
    }

    [Test]
    public async Task Event_NotStoredYet_IsAnsweredOnlyOnceItIs()
    {
        await using var host = await PipelineHost.StartAsync(static pipeline => pipeline.UseEventLog<HoldingEventLog>());
        var log = (HoldingEventLog)host.Services.GetRequiredService<IEventLog>();
        await using var page = await TestClient.ConnectAsync(host.SocketAddress("ada"));
        using var http = host.CreateClient();
        log.Hold();

        var publishing = http.PublishAsync(TokenJson());
        await page.ReadAsync<EventMessage>();

        // The page has it. An answer that did not wait would have come by the time others have been asked for and come.
        for (var i = 0; i < 20; i++)
        {
            using var other = await http.GetAsync("/livez");
        }

        Assert.That(publishing.IsCompleted, Is.False);
        log.Release();

        Assert.That((await publishing).Response.StatusCode, Is.EqualTo(HttpStatusCode.Created));
    }

    [Test]
    public async Task Event_PrettyPrinted_ArrivesCompactAndEqual()
    {
        const string Data = "{ \"delta\" : \"a \\n \\\" b\\\\\",\r\n\t\"more\" : [ 1.50 , { } , \" { } \" ] }";
        await using var host = await PipelineHost.StartAsync();
        await using var page = await TestClient.ConnectAsync(host.SocketAddress("ada"));
        using var http = host.CreateClient();

        await http.PublishAsync("\r\n " + EventJson("token", Data) + " \n");

        Assert.That(
            (await page.ReadAsync<EventMessage>()).Data.GetRawText(),
            Is.EqualTo("""{"delta":"a \n \" b\\","more":[1.50,{}," { } "]}"""));
    }

    [Test]
    public async Task Event_UnknownMembers_AreIgnored()
    {
        await using var host = await PipelineHost.StartAsync();
        using var http = host.CreateClient();

        var (response, _) = await http.PublishAsync(
            """
            {"x":{"user_id":5},"x":1,"user_id":"ada","thread_id":"t1","run_id":"r1","type":"token",
             "data":{"delta":"d","x":1,"x":2},"traceparent":null}
            """);

        Assert.That(response.StatusCode, Is.EqualTo(HttpStatusCode.Accepted));
    }

    [Test]
    public async Task Event_TraceContext_IsItsOwnOrElseTheRequests()
    {
        const string OfRequest = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
        const string OfEvent = "00-0af7651916cd43dd8448eb211c80319c-00f067aa0ba902b7-01";
        await using var host = await PipelineHost.StartAsync();
        await using var page = await TestClient.ConnectAsync(host.SocketAddress("ada"));
        using var http = host.CreateClient();
        foreach (var member in new[] { "", $$""","traceparent":"{{OfEvent}}" """, ""","traceparent":"nonsense" """ })
        {
            await http.PublishAsync(
                Encoding.UTF8.GetBytes(TokenJson()[..^1] + member + "}"),
                configure: static request => request.Headers.Add("traceparent", OfRequest));
        }

        Assert.That((await page.ReadEventsAsync(3)).Select(static e => e.TraceParent), Is.EqualTo(new[] { OfRequest, OfEvent, OfRequest }));
    }

    [TestCase("", "one JSON object")]
    [TestCase("nonsense", "one JSON object")]
    [TestCase("[]", "must be one JSON object")]
    [TestCase("{} {}", "not valid JSON")]
    [TestCase("""{"user_id":5}""", "'user_id' must be a string")]
    [TestCase("""{"user_id":"ada","user_id":"ada"}""", "'user_id' occurs twice")]
    [TestCase("""{"type":["token"]}""", "'type' must be a string")]
    [TestCase("""{"data":[]}""", "'data' must be an object")]
    [TestCase("""{"traceparent":1}""", "'traceparent' must be a string")]
    [TestCase("""{"user_id":"\ud800"}""", "not Unicode")]
    [TestCase("""{"user_i\ud800":"x"}""", "not Unicode")]
    [TestCase(
        """{"user_id":"ada","thread_id":"t1","run_id":"r1","data":{}}""",
        "'type' is missing; it must be one of agent_started, agent_thinking,")]
    [TestCase(
        """{"user_id":"ada","thread_id":"t1","run_id":"r1","type":"no_such"}""", "'type' must be one of agent_started, agent_thinking,")]
    [TestCase(
        """{"user_id":"ada","thread_id":"t1","run_id":"r1","type":"agent_stalled","data":{"quiet_ms":1}}""", "only the server says that")]
    [TestCase("""{"user_id":"ada","thread_id":"t1","run_id":"r1","type":"token"}""", "'data.delta' is missing")]
    public async Task Event_Malformed_IsRefusedWithTheMember(string json, string detail)
    {
        await using var host = await PipelineHost.StartAsync();
        using var http = host.CreateClient();

        var answer = await http.PublishAsync(json);

        answer.ShouldBe(HttpStatusCode.BadRequest, "invalid_event");
        Assert.That(answer.Body.Text("detail"), Does.Contain(detail));
        Assert.That(host.Failures.Total, Is.EqualTo(1));
    }

    [Test]
    public async Task Event_NotUtf8_IsRefused()
    {
        await using var host = await PipelineHost.StartAsync();
        using var http = host.CreateClient();

        var answer = await http.PublishAsync(Encoding.Latin1.GetBytes(TokenJson("@").Replace('@', 'é')));

        answer.ShouldBe(HttpStatusCode.BadRequest, "invalid_event");
        Assert.That(answer.Body.Text("detail"), Does.Contain("UTF-8"));
    }

    [TestCase("{}", "context_missing")]
    [TestCase("""{"user_id":null,"thread_id":null,"run_id":null,"type":"token"}""", "context_missing")]
    [TestCase("""{"user_id":"ada","thread_id":"t1"}""", "context_invalid")]
    [TestCase("""{"user_id":"$system","thread_id":"t1","run_id":"r1"}""", "context_invalid")]
    [TestCase("""{"user_id":"ada","thread_id":"","run_id":"a\u0000"}""", "context_invalid")]
    public async Task Event_NoValidContext_IsRefused(string json, string code)
    {
        await using var host = await PipelineHost.StartAsync();
        using var http = host.CreateClient();

        (await http.PublishAsync(json)).ShouldBe(HttpStatusCode.BadRequest, code);
        Assert.That(host.Failures.Total, Is.EqualTo(1));
    }

    [Test]
    public async Task Event_ThatIsMalformed_IsToldToThePublisherAndTheOperatorAndNotToTheUser()
    {
        await using var host = await PipelineHost.StartAsync();
        await using var page = await TestClient.ConnectAsync(host.SocketAddress("ada"));
        using var http = host.CreateClient();

        (await http.PublishAsync(EventJson("token", "{}"))).ShouldBe(HttpStatusCode.BadRequest, "invalid_event");
        await http.PublishAsync(TokenJson("right"));

        Assert.That(await page.ReadAsync(), Is.InstanceOf<EventMessage>());
        Assert.That(
            host.Failures.Latest(10).Select(static failure => (failure.Code, failure.UserId, failure.RunId)),
            Is.EqualTo(new[] { (FailureCode.InvalidEvent, "ada", "r1") }));
    }

    [Test]
    public async Task Event_AfterTheTerminalOne_Conflicts()
    {
        await using var host = await PipelineHost.StartAsync();
        using var http = host.CreateClient();
        await http.PublishAsync(EventJson("agent_completed", """{"agent_name":"a"}"""));

        (await http.PublishAsync(TokenJson())).ShouldBe(HttpStatusCode.Conflict, "run_ended");
        Assert.That((await http.PublishAsync(TokenJson(runId: "r2"))).Response.StatusCode, Is.EqualTo(HttpStatusCode.Accepted));
    }

    [Test]
    public async Task Event_TooLarge_IsRefusedWithItsNumbers()
    {
        await using var host = await PipelineHost.StartAsync(settings: [("Netra:Streams:MaxEventBytes", "2048")]);
        using var http = host.CreateClient();

        var encoded = await http.PublishAsync(TokenJson(new string('x', 2048)));
        encoded.ShouldBe(HttpStatusCode.RequestEntityTooLarge, "event_too_large");
        Assert.That(encoded.Body.GetProperty("limit").GetInt64(), Is.EqualTo(2048));
        Assert.That(encoded.Body.GetProperty("size").GetInt64(), Is.GreaterThan(2048));

        // What comes is not even read to its end, whether its length is known or not.
        var huge = Encoding.UTF8.GetBytes(TokenJson(new string('x', 100_000)));
        foreach (var chunked in new[] { false, true })
        {
            var body = await http.PublishAsync(huge, configure: request => request.Headers.TransferEncodingChunked = chunked);
            body.ShouldBe(HttpStatusCode.RequestEntityTooLarge, "event_too_large");
            Assert.That(body.Body.GetProperty("limit").GetInt64(), Is.EqualTo(2048 + (16 * 1024)));
        }

        Assert.That(
            (host.Failures.Total, host.Failures.Latest(10).Select(static f => f.Code).Distinct().Single()),
            Is.EqualTo((3, FailureCode.EventTooLarge)));
    }

    [Test]
    public async Task Event_LargestOne_IsTaken()
    {
        await using var host = await PipelineHost.StartAsync();
        await using var page = await TestClient.ConnectAsync(host.SocketAddress("ada"));
        using var http = host.CreateClient();
        var delta = new string('x', (256 * 1024) - 200);

        var (response, _) = await http.PublishAsync(TokenJson(delta));

        Assert.That(response.StatusCode, Is.EqualTo(HttpStatusCode.Created));
        Assert.That((await page.ReadAsync<EventMessage>()).Data.Text("delta"), Is.EqualTo(delta));
    }

    [Test]
    public async Task Event_LogFull_IsRefusedUntilLater()
    {
        await using var host = await PipelineHost.StartAsync(settings:
        [
            ("Netra:Log:InMemory:MaxBytes", "65536"),
            ("Netra:Log:InMemory:RetainedBytes", "65536"),
            ("Netra:Emission:RoomTimeout", "00:00:00.200"),
        ]);
        using var http = host.CreateClient();
        (HttpResponseMessage Response, JsonElement Body) answer;
        do
        {
            answer = await http.PublishAsync(TokenJson(new string('x', 30_000)));
        }
        while (answer.Response.StatusCode == HttpStatusCode.Accepted);

        answer.ShouldBe(HttpStatusCode.ServiceUnavailable, "log_full");
        Assert.That(answer.Body.Text("detail"), Does.Contain("65536 bytes (Netra:Log:InMemory:MaxBytes)"));
    }

    [Test]
    public async Task Event_LogFails_IsRefused()
    {
        await using var host = await PipelineHost.StartAsync(static pipeline => pipeline.UseEventLog<HoldingEventLog>());
        var log = (HoldingEventLog)host.Services.GetRequiredService<IEventLog>();
        using var http = host.CreateClient();

        log.Refusal = AppendResult.Failed;
        (await http.PublishAsync(TokenJson())).ShouldBe(HttpStatusCode.ServiceUnavailable, "log_failed");
        log.Fault = new InvalidOperationException("secret");
        var fault = await http.PublishAsync(TokenJson());
        fault.ShouldBe(HttpStatusCode.ServiceUnavailable, "log_failed");
        Assert.That(fault.Body.ToString(), Does.Not.Contain("secret"));
        Assert.That(
            host.Failures.Latest(10).Select(static f => f.Code),
            Is.EqualTo(new[] { FailureCode.LogFailed, FailureCode.LogFailed }));
    }

    [Test]
    public async Task Event_NeverStored_IsAnsweredWithItsNumberOnceTimeIsUp()
    {
        var time = new TestTimeProvider();
        await using var host = await PipelineHost.StartAsync(static pipeline => pipeline.UseEventLog<HoldingEventLog>(), time: time);
        var log = (HoldingEventLog)host.Services.GetRequiredService<IEventLog>();
        await using var page = await TestClient.ConnectAsync(host.SocketAddress("ada"));
        using var http = host.CreateClient();
        log.Hold();

        // Accepted before time goes on, which would end a request that is still at the door.
        var publishing = http.PublishAsync(TokenJson());
        await page.ReadAsync<EventMessage>();
        while (!publishing.IsCompleted)
        {
            time.Advance(TimeSpan.FromSeconds(1));
            await Task.WhenAny(publishing, Task.Delay(TimeSpan.FromMilliseconds(5), TimeProvider.System));
        }

        var answer = await publishing;
        answer.ShouldBe(HttpStatusCode.ServiceUnavailable, "log_failed");
        Assert.That(answer.Body.Seq(), Is.EqualTo(1));
        log.Release();
    }

    [Test]
    public async Task Event_PipelineNotReady_IsRefused()
    {
        await using var host = await PipelineHost.StartAsync();
        using var http = host.CreateClient();

        host.Bridge.BeginInitializing();
        (await http.PublishAsync(TokenJson())).ShouldBe(HttpStatusCode.ServiceUnavailable, "not_initialized");
        Assert.That(host.Failures.Total, Is.Zero, "who comes too early is told so, and nobody is missing anything");
        host.Bridge.Fail("the disk is gone");
        (await http.PublishAsync(TokenJson())).ShouldBe(HttpStatusCode.ServiceUnavailable, "bridge_unavailable");
    }

    [Test]
    public async Task Event_WhileDraining_MayEndRunsButBeginNone()
    {
        await using var host = await PipelineHost.StartAsync();
        using var http = host.CreateClient();
        await http.PublishAsync(EventJson("agent_started", """{"agent_name":"a"}"""));
        await host.Bridge.BeginDraining();

        (await http.PublishAsync(EventJson("agent_started", """{"agent_name":"a"}""", runId: "r2"))).ShouldBe(
            HttpStatusCode.ServiceUnavailable, "draining");
        (await http.PublishAsync(TokenJson(runId: "r2"))).ShouldBe(HttpStatusCode.ServiceUnavailable, "draining");
        var (response, _) = await http.PublishAsync(EventJson("agent_completed", """{"agent_name":"a"}"""));
        Assert.That(response.StatusCode, Is.EqualTo(HttpStatusCode.Accepted));
    }

    [TestCase(null)]
    [TestCase("text/plain")]
    [TestCase("application/json; charset=latin1")]
    [TestCase("application/xml")]
    public async Task Body_OfAnotherType_IsRefused(string? contentType)
    {
        await using var host = await PipelineHost.StartAsync();
        using var http = host.CreateClient();

        var answer = await http.PublishAsync(Encoding.UTF8.GetBytes(TokenJson()), contentType ?? string.Empty);

        answer.ShouldBe(HttpStatusCode.UnsupportedMediaType, "unsupported_media_type");
        Assert.That(answer.Response.Headers.GetValues("Accept-Post").Single(), Is.EqualTo("application/json, application/x-ndjson"));
    }

    [TestCase("Application/JSON; charset=\"UTF-8\"")]
    [TestCase("application/json;charset=utf-8")]
    public async Task Body_OfTypeWithParameters_IsTaken(string contentType)
    {
        await using var host = await PipelineHost.StartAsync();
        using var http = host.CreateClient();

        Assert.That(
            (await http.PublishAsync(Encoding.UTF8.GetBytes(TokenJson()), contentType)).Response.StatusCode,
            Is.EqualTo(HttpStatusCode.Accepted));
    }

    [Test]
    public async Task Body_Compressed_IsRefused()
    {
        await using var host = await PipelineHost.StartAsync();
        using var http = host.CreateClient();

        var answer = await http.PublishAsync(
            Encoding.UTF8.GetBytes(TokenJson()), configure: static request => request.Content!.Headers.ContentEncoding.Add("gzip"));

        answer.ShouldBe(HttpStatusCode.UnsupportedMediaType, "unsupported_media_type");
    }

    [Test]
    public async Task Body_BrokenChunk_IsRefused()
    {
        await using var host = await PipelineHost.StartAsync();
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, host.Port);
        await using var stream = client.GetStream();

        await stream.WriteAsync(Encoding.ASCII.GetBytes(
            "POST /v1/events HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
            + "Transfer-Encoding: chunked\r\n\r\nnonsense\r\n"));
        using var reader = new StreamReader(stream);
        var answer = await reader.ReadToEndAsync();

        Assert.That(answer, Does.StartWith("HTTP/1.1 400 ").And.Contains("\"code\":\"bad_request\""));
        Assert.That(host.Logs.Logs.Where(static l => l.Level >= LogLevel.Error).Select(static l => l.Message), Is.Empty);
    }

    [Test]
    public async Task Body_PublisherHangsUpInTheMiddle_IsNoFault()
    {
        await using var host = await PipelineHost.StartAsync();
        using (var client = new TcpClient())
        {
            await client.ConnectAsync(IPAddress.Loopback, host.Port);
            await client.GetStream().WriteAsync(
                "POST /v1/events HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{"u8.ToArray());
        }

        await host.StopAsync();
        Assert.That(host.Failures.Total, Is.Zero);
        Assert.That(host.Logs.Logs.Where(static l => l.Level >= LogLevel.Error).Select(static l => l.Message), Is.Empty);
    }
}

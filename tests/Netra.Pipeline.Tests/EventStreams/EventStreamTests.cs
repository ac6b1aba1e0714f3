using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Netra.Pipeline.Connections;
using Netra.Pipeline.Delivery;
using Netra.Pipeline.Emission;
using Netra.Pipeline.Events;
using Netra.Pipeline.Failures;
using Netra.Pipeline.Protocol;
using Netra.Pipeline.Storage;
using Netra.Pipeline.Streams;
using Netra.Pipeline.Tests.Infrastructure;
using Netra.Pipeline.Tests.WebSockets;

namespace Netra.Pipeline.Tests.EventStreams;

/// <summary>Spec D7: the event stream carries a connection like any other (docs/protocol.md, section 9.3), over real Kestrel.</summary>
[TestFixture]
[Parallelizable(ParallelScope.All)]
internal sealed class EventStreamTests
{
    [Test]
    public async Task Open_NewPage_IsAnsweredWithAnUnbufferedStreamThatBeginsWithItsWelcome()
    {
        await using var host = await PipelineHost.StartAsync();
        await using var emitter = await host.EmitterOfAsync("ada");
        await emitter.TokenAsync("before");

        await using var page = await EventStreamClient.OpenAsync(host, "ada");

        var headers = page.Response.Headers;
        Assert.That(page.Response.Content.Headers.ContentType?.ToString(), Is.EqualTo("text/event-stream"));
        Assert.That(headers.CacheControl?.ToString(), Is.EqualTo("no-store, no-transform"));
        Assert.That(headers.GetValues("X-Accel-Buffering"), Is.EqualTo(new[] { "no" }));
        Assert.That(page.Response.Content.Headers.ContentEncoding, Is.Empty);
        Assert.That((page.First.Retry, page.First.Id), Is.EqualTo(("1000", $"{page.Welcome.Epoch}.1.1")));
        Assert.That(
            (page.Welcome.UserId, page.Welcome.Seq, page.Welcome.From, page.Welcome.Resumed),
            Is.EqualTo(("ada", 1, 1, false)),
            "from now");
        Assert.That(host.Connections.ConnectionsOf("ada"), Is.EqualTo(new[] { page.Welcome.ConnectionId }));
    }

    [TestCase("1.1")]
    [TestCase("2.0")]
    public async Task Events_Live_ComeInOrderEachWithItsId(string version)
    {
        await using var host = await PipelineHost.StartAsync(kestrel: version == "2.0" ? Listeners.ClearTextHttp2 : null);
        await using var page = await EventStreamClient.OpenAsync(host, "ada", version: Version.Parse(version));
        await using var emitter = await host.EmitterOfAsync("ada");
        for (var seq = 1; seq <= 20; seq++)
        {
            Assert.That((await emitter.TokenAsync($"line\n{seq}")).Status, Is.EqualTo(EventStatus.Queued));

            var numbered = await page.ReadAsync<EventMessage>();

            Assert.That((numbered.Seq, numbered.Data.GetProperty("delta").GetString()), Is.EqualTo((seq, $"line\n{seq}")));
            Assert.That(page.LastEventId, Is.EqualTo($"{page.Welcome.Epoch}.0.{seq}"));
        }

        await page.AckAsync(20);
    }

    [Test]
    public async Task Events_DataWithLineEnds_ArriveWhole()
    {
        await using var host = await PipelineHost.StartAsync();
        await using var page = await EventStreamClient.OpenAsync(host, "ada");
        using var http = host.CreateClient();

        await http.PublishAsync(PublishExtensions.EventJson("custom", "{\"name\":\"n\",\r\n \"value\":{\n\r\n\"a\":[1,\n2]}}"));

        Assert.That((await page.ReadAsync<EventMessage>()).Data.GetProperty("value").GetProperty("a").GetArrayLength(), Is.EqualTo(2));
    }

    [Test]
    public async Task Resume_ByLastEventId_GoesOnAfterItWhateverTheQuerySays()
    {
        await using var host = await PipelineHost.StartAsync();
        await using var emitter = await host.EmitterOfAsync("ada");
        string? id;
        await using (var page = await EventStreamClient.OpenAsync(host, "ada", "&seq=0"))
        {
            for (var i = 0; i < 5; i++)
            {
                await emitter.TokenAsync("x");
            }

            await page.ReadEventsAsync(3);
            id = page.LastEventId;
        }

        await using var again = await EventStreamClient.OpenAsync(host, "ada", "&seq=0", id);

        Assert.That(id, Is.EqualTo($"{again.Welcome.Epoch}.0.3"));
        Assert.That((again.Welcome.Resumed, again.Welcome.Seq, again.Welcome.From, again.First.Id), Is.EqualTo((true, 5, 0, id)));
        Assert.That((await again.ReadEventsAsync(2)).Select(static e => e.Seq), Is.EqualTo(new long[] { 4, 5 }));
        await emitter.TokenAsync("live");
        Assert.That((await again.ReadAsync<EventMessage>()).Seq, Is.EqualTo(6));
        Assert.That(
            (await host.Services.GetRequiredService<Ledger>().ReadAsync("ada"))!.Account.Acknowledged,
            Is.EqualTo(3),
            "a resume says what was processed");
    }

    [Test]
    public async Task Resume_ByQuery_GoesOnAfterIt()
    {
        await using var host = await PipelineHost.StartAsync();
        await using var emitter = await host.EmitterOfAsync("ada");
        for (var i = 0; i < 4; i++)
        {
            await emitter.TokenAsync("x");
        }

        await using var probe = await EventStreamClient.OpenAsync(host, "ada");
        await using var page = await EventStreamClient.OpenAsync(host, "ada", $"&epoch={probe.Welcome.Epoch}&seq=2&from=1");

        Assert.That((page.Welcome.Resumed, page.Welcome.From, page.First.Id), Is.EqualTo((true, 1, $"{probe.Welcome.Epoch}.1.2")));
        Assert.That((await page.ReadEventsAsync(2)).Select(static e => e.Seq), Is.EqualTo(new long[] { 3, 4 }));
    }

    [Test]
    public async Task Resume_UnknownEpochOrCursorAboveTheHead_BeginsAnew()
    {
        await using var host = await PipelineHost.StartAsync();
        await using var emitter = await host.EmitterOfAsync("ada");
        await emitter.TokenAsync("x");
        await emitter.TokenAsync("x");
        await using var probe = await EventStreamClient.OpenAsync(host, "ada");
        foreach (var id in new[] { "another.0.1", $"{probe.Welcome.Epoch}.0.3" })
        {
            await using var page = await EventStreamClient.OpenAsync(host, "ada", lastEventId: id);

            Assert.That((page.Welcome.Resumed, page.First.Id), Is.EqualTo((false, $"{probe.Welcome.Epoch}.0.0")), id);
            Assert.That((await page.ReadEventsAsync(2)).Select(static e => e.Seq), Is.EqualTo(new long[] { 1, 2 }), id);
        }
    }

    [Test]
    public async Task Resume_ExpiredRange_IsAGapThatMovesTheCursor()
    {
        await using var host = await PipelineHost.StartAsync(settings: [("Netra:Streams:WindowEvents", "16")]);
        await using (var emitter = await host.EmitterOfAsync("ada"))
        {
            for (var i = 0; i < 40; i++)
            {
                await emitter.TokenAsync("x");
            }
        }

        await host.Services.GetRequiredService<IEventLog>().ExpireAsync(DateTimeOffset.MaxValue, CancellationToken.None);
        await using var later = await host.EmitterOfAsync("ada");
        await later.TokenAsync("kept");
        await using var probe = await EventStreamClient.OpenAsync(host, "ada");
        var epoch = probe.Welcome.Epoch;

        await using var page = await EventStreamClient.OpenAsync(host, "ada", lastEventId: $"{epoch}.0.10");

        var gap = await page.ReadAsync<GapMessage>();
        Assert.That((gap.From, gap.Cause, gap.Replay), Is.EqualTo((11, GapCause.Expired, false)));
        Assert.That(page.LastEventId, Is.EqualTo($"{epoch}.0.{gap.To}"));
        Assert.That((await page.ReadAsync<EventMessage>()).Seq, Is.EqualTo(gap.To + 1));
        await using var again = await EventStreamClient.OpenAsync(host, "ada", lastEventId: $"{epoch}.0.{gap.To}");
        Assert.That((await again.ReadAsync<EventMessage>()).Seq, Is.EqualTo(gap.To + 1), "the gap is not told twice");
    }

    [Test]
    public async Task Replay_Range_ComesWithRedeliveryAndWithoutIds()
    {
        await using var host = await PipelineHost.StartAsync();
        await using var page = await EventStreamClient.OpenAsync(host, "ada");
        await using var emitter = await host.EmitterOfAsync("ada");
        for (var i = 0; i < 5; i++)
        {
            await emitter.TokenAsync("x");
        }

        await page.ReadEventsAsync(5);
        await page.TellAsync("messages", """{"type":"replay","from":2,"to":3}""");

        foreach (var seq in new long[] { 2, 3 })
        {
            var numbered = await page.ReadAsync<EventMessage>();
            Assert.That((numbered.Seq, numbered.Redelivery), Is.EqualTo((seq, (int?)1)));
            Assert.That(page.LastEventId, Is.EqualTo($"{page.Welcome.Epoch}.0.5"), "what is sent again moves no cursor");
        }
    }

    [Test]
    public async Task Overflow_PageStopsReading_IsRaisedAndThePageCatchesUpInOrder()
    {
        await using var host = await PipelineHost.StartAsync(
            settings: [("Netra:Connections:QueueFrames", "16"), ("Netra:Connections:SendBufferBytes", "16384")]);
        await using var page = await EventStreamClient.OpenAsync(host, "ada", receiveBuffer: SmallReceiveBuffer.Bytes);
        await using var emitter = await host.EmitterOfAsync("ada");
        var large = new string('x', 8 * 1024);
        BufferOverflowException? overflow = null;
        for (var count = 0; overflow is null; count++)
        {
            Assert.That(count, Is.LessThan(10_000));
            try
            {
                await emitter.TokenAsync(large);
            }
            catch (BufferOverflowException exception)
            {
                overflow = exception;
            }
        }

        Assert.That((overflow.Accepted, overflow.Connections.Single().ConnectionId), Is.EqualTo((true, page.Welcome.ConnectionId)));
        Assert.That((await emitter.TokenAsync("once more")).Status, Is.EqualTo(EventStatus.Lagging));
        var head = overflow.Seq!.Value + 1;
        var gaps = new List<GapMessage>();
        for (var seq = 1L; seq <= head;)
        {
            var message = await page.ReadAsync();
            if (message is GapMessage gap)
            {
                Assert.That(page.LastEventId, Is.EqualTo($"{page.Welcome.Epoch}.0.{seq - 1}"), "a gap that is replayed moves no cursor");
                gaps.Add(gap);
            }
            else if (message is EventMessage numbered)
            {
                Assert.That(numbered.Seq, Is.EqualTo(seq++));
            }
        }

        Assert.That(gaps.Single(), Is.EqualTo(new GapMessage(overflow.Seq!.Value, head, GapCause.Overflow, Replay: true, Certain: true)));
        await emitter.TokenAsync("live again");
        Assert.That((await page.ReadAsync<EventMessage>()).Seq, Is.EqualTo(head + 1));
    }

    [Test]
    public async Task Events_TenMegabytesToASlowReader_ComeWholeAndInOrder([Values("1.1", "2.0")] string version)
    {
        const int Count = 2_500;
        await using var host = await PipelineHost.StartAsync(
            settings: [("Netra:Connections:SendBufferBytes", "16384"), HostLogs.NoPings],
            kestrel: version == "2.0" ? Listeners.ClearTextHttp2 : null);
        await using var page = await EventStreamClient.OpenAsync(
            host, "ada", version: Version.Parse(version), receiveBuffer: SmallReceiveBuffer.Bytes);
        await using var emitter = await host.EmitterOfAsync("ada", options: new EmitterOptions { Overflow = OverflowBehavior.Report });
        var text = new string('x', 4 * 1024);
        for (var i = 1; i <= Count; i++)
        {
            await emitter.TokenAsync($"{i}{text}");
        }

        for (var seq = 1; seq <= Count; seq++)
        {
            var numbered = await page.ReadAsync<EventMessage>();
            Assert.That(numbered.Seq, Is.EqualTo(seq));
            Assert.That(numbered.Data.GetProperty("delta").GetString(), Is.EqualTo($"{seq}{text}"));
            if (seq % 100 == 0)
            {
                await page.AckAsync(seq);
            }
        }

        Assert.That((await host.Services.GetRequiredService<Ledger>().ReadAsync("ada"))!.Account.Pending, Is.Zero);
        host.AssertNothingWorseThanOverflow();
    }

    [Test]
    public async Task Failure_OfTheUser_IsShownOnTheStream()
    {
        await using var host = await PipelineHost.StartAsync();
        await using var page = await EventStreamClient.OpenAsync(host, "ada");

        host.Services.GetRequiredService<FailureReporter>().Report(
            new Failure(FailureCode.AgentFailed, "run", "It broke.") { UserId = "ada" });

        var error = await page.ReadAsync<ErrorMessage>();
        Assert.That((error.Code, error.Message), Is.EqualTo(("agent_failed", "It broke.")));
    }

    [Test]
    public async Task Event_StreamAttachedToAnotherUser_IsStoppedInFrontOfTheTransport()
    {
        const string Secret = "for ada's eyes only";
        await using var host = await PipelineHost.StartAsync();
        await using var eve = await EventStreamClient.OpenAsync(host, "eve");
        await using var emitter = await host.EmitterOfAsync("ada");
        var stream = await host.Streams.PinAsync("ada", CancellationToken.None);
        var wrong = host.ConnectionOf(eve.Welcome.ConnectionId);
        stream.TryAttach(wrong.Subscription, ResumeRequest.FromNow, static _ => """{"type":"from_the_test"}"""u8.ToArray());

        await emitter.TokenAsync(Secret);

        var text = string.Empty;
        while (await eve.ReadBlockAsync() is { } block)
        {
            text += block.Data;
        }

        Assert.That(text, Does.EndWith("""{"reason":"isolation_violation","reconnect":true}""").And.Not.Contain(Secret));
        Assert.That(host.Failures.Latest(10).Single().Code, Is.EqualTo(FailureCode.IsolationViolation));
        Assert.That(
            host.Logs.Logs.Where(static line => line.Level == LogLevel.Critical).Select(static line => line.Message),
            Has.Some.Contain("isolation_violation"));
        stream.Detach(wrong.Subscription);
        stream.Pins.Remove();
    }

    [TestCase("Zk3f")]
    [TestCase("Zk3f.5")]
    [TestCase("Zk3f.5.")]
    [TestCase("Zk3f..5")]
    [TestCase(".0.5")]
    [TestCase("Zk3f.0.5.6")]
    [TestCase("Zk3f.6.5")]
    [TestCase("Zk3f.-1.5")]
    [TestCase("Zk3f.0.9007199254740992")]
    [TestCase("Zk 3f.0.5")]
    [TestCase("Zk3f.0.5, Zk3f.0.6")]
    public async Task Open_MalformedLastEventId_IsRefusedAndNamed(string id)
    {
        await using var host = await PipelineHost.StartAsync();

        var (response, body) = await EventStreamClient.RefusedAsync(host, "ada", lastEventId: id);

        Assert.That((response.StatusCode, body.Text("code")), Is.EqualTo((HttpStatusCode.BadRequest, "bad_resume")));
        Assert.That(body.Text("detail"), Does.Contain("Last-Event-ID").And.Contain($"'{id}'"));
    }

    [Test]
    public async Task Open_WrongQueryOrBody_IsRefused()
    {
        await using var host = await PipelineHost.StartAsync();

        Assert.That((await EventStreamClient.RefusedAsync(host, "ada", "&seq=-1")).Body.Text("code"), Is.EqualTo("bad_resume"));
        Assert.That((await EventStreamClient.RefusedAsync(host, "$system")).Response.StatusCode, Is.EqualTo(HttpStatusCode.BadRequest));
        Assert.That(
            (await EventStreamClient.RefusedAsync(host, "ada", "&user_id=eve")).Response.StatusCode,
            Is.EqualTo(HttpStatusCode.BadRequest));
        var (response, body) = await EventStreamClient.RefusedAsync(
            host, "ada", configure: static request => request.Content = new StringContent("x"));
        Assert.That((response.StatusCode, body.Text("code")), Is.EqualTo((HttpStatusCode.BadRequest, "bad_request")));
        Assert.That(response.Content.Headers.ContentType?.MediaType, Is.EqualTo("application/problem+json"));
        Assert.That(host.Connections.Count, Is.Zero);
    }

    [Test]
    public async Task Open_MoreThanTheUserMay_IsRefusedUntilOneEndsWhateverItIs()
    {
        await using var host = await PipelineHost.StartAsync(settings: [("Netra:Streams:MaxConnectionsPerUser", "2")]);
        await using var socket = await TestClient.ConnectAsync(host.SocketAddress("ada"));
        var first = await EventStreamClient.OpenAsync(host, "ada");

        var (response, body) = await EventStreamClient.RefusedAsync(host, "ada");

        Assert.That((response.StatusCode, body.Text("code")), Is.EqualTo((HttpStatusCode.ServiceUnavailable, "too_many_connections")));
        Assert.That(response.Headers.RetryAfter?.ToString(), Is.EqualTo("1"));
        await first.DisposeAsync();
        await Eventually.BecomesTrueAsync(() => host.Connections.ConnectionsOf("ada").Count == 1, "the first one ended");

        // Its place is free a moment after it was forgotten.
        using var http = new HttpClient { BaseAddress = host.HttpAddress, Timeout = TestClient.Patience };
        await Eventually.BecomesTrueAsync(
            async () =>
            {
                using var answer = await http.GetAsync("/v1/stream?user_id=ada", HttpCompletionOption.ResponseHeadersRead);
                return answer.StatusCode == HttpStatusCode.OK;
            },
            "another one is let in");
    }

    [Test]
    public async Task Open_WhileDraining_IsRefused()
    {
        await using var host = await PipelineHost.StartAsync();
        await host.Bridge.BeginDraining();

        var (response, body) = await EventStreamClient.RefusedAsync(host, "ada");

        Assert.That((response.StatusCode, body.Text("code")), Is.EqualTo((HttpStatusCode.ServiceUnavailable, "draining")));
    }

    [Test]
    public async Task Open_Authenticator_IsAskedAndItsWordCounts()
    {
        var authenticator = new ScriptedAuthenticator(static (request, _) => Task.FromResult(
            request.Query["token"] == "right" ? AuthenticationResult.Admit("grace") : AuthenticationResult.Unauthorized("no")));
        await using var host = await PipelineHost.StartAsync(b => b.Services.AddSingleton<IConnectionAuthenticator>(authenticator));

        var (response, body) = await EventStreamClient.RefusedAsync(host, "ada", "&token=wrong");
        await using var page = await EventStreamClient.OpenAsync(host, "ada", "&token=right");

        Assert.That((response.StatusCode, body.Text("code")), Is.EqualTo((HttpStatusCode.Unauthorized, "unauthorized")));
        Assert.That(page.Welcome.UserId, Is.EqualTo("grace"));
        Assert.That(authenticator.Requests.Select(static r => (r.Path, r.IsLoopback)), Is.All.EqualTo(("/v1/stream", true)));
    }
}

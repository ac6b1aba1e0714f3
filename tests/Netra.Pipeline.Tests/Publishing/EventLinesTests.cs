using System.Net;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Netra.Pipeline.Failures;
using Netra.Pipeline.Protocol;
using Netra.Pipeline.Storage;
using Netra.Pipeline.Tests.Infrastructure;
using static Netra.Pipeline.Tests.Infrastructure.PublishExtensions;

namespace Netra.Pipeline.Tests.Publishing;

/// <summary><c>POST /v1/events</c> with many events, a line each.</summary>
[TestFixture]
[Parallelizable(ParallelScope.All)]
internal sealed class EventLinesTests
{
    [Test]
    public async Task Lines_SentOneByOne_AreAnsweredOneByOne()
    {
        await using var host = await PipelineHost.StartAsync();
        await using var lines = await PublishLines.OpenAsync(host);
        Assert.That(lines.Head, Does.StartWith("HTTP/1.1 200 OK\n").And.Contains("Content-Type: application/x-ndjson\n"));

        for (var i = 1; i <= 50; i++)
        {
            await lines.SendAsync(TokenJson($"{i}"));
            Assert.That((await lines.ReadAsync())!.Value.Seq(), Is.EqualTo(i));
        }

        Assert.That(await lines.CompleteAsync(), Is.Empty);
    }

    [Test]
    public async Task Lines_TenThousandTokens_ArriveInOrderAndMatchTheirReceipts()
    {
        const int Count = 10_000;
        await using var host = await PipelineHost.StartAsync();
        await using var page = await TestClient.ConnectAsync(host.SocketAddress("ada"));
        await using var lines = await PublishLines.OpenAsync(host);

        var reading = page.ReadEventsAsync(Count);
        var receiving = lines.ReadAsync(Count);
        for (var i = 0; i < Count; i += 100)
        {
            await lines.SendAsync(string.Join('\n', Enumerable.Range(i, 100).Select(static n => TokenJson($"{n} "))));
        }

        var events = await reading;
        var receipts = await receiving;
        Assert.That(await lines.CompleteAsync(), Is.Empty);
        Assert.That(
            events.Select(static e => e.Data.GetProperty("delta").GetString()),
            Is.EqualTo(Enumerable.Range(0, Count).Select(static i => $"{i} ")));
        Assert.That(receipts.Select(static r => r.Text("id")), Is.EqualTo(events.Select(static e => e.Id)));
        Assert.That(receipts.Select(static r => r.Seq()), Is.EqualTo(events.Select(static e => e.Seq)));
    }

    [Test]
    public async Task Lines_BadOnesInTheMiddle_AreRejectedInPlaceAndTheRestGoesOn()
    {
        await using var host = await PipelineHost.StartAsync(
            settings: [("Netra:Streams:MaxEventBytes", "1024"), ("Netra:Publish:MaxBodyBytes", "4096")]);
        await using var lines = await PublishLines.OpenAsync(host);

        await lines.SendAsync(string.Join(
            '\n',
            TokenJson("1"),
            "nonsense",
            "",
            "  \r",
            TokenJson("2") + "\r",
            TokenJson(new string('x', 2000)),
            TokenJson(new string('y', 20_000)),
            """{"user_id":"","thread_id":"t1","run_id":"r1","type":"token","data":{"delta":"x"}}""",
            TokenJson("3", userId: "ada", runId: "r2"),
            EventJson("agent_completed", """{"agent_name":"a"}"""),
            TokenJson("late"),
            "{}"));
        await lines.SendAsync(Encoding.UTF8.GetBytes(TokenJson("4", userId: "bob")));
        var answers = await lines.CompleteAsync();

        Assert.That(
            answers.Select(static a => a.Text("code") ?? a.Text("status")),
            Is.EqualTo(new[]
            {
                "stored", "invalid_event", "stored", "event_too_large", "event_too_large", "context_invalid", "stored", "stored",
                "run_ended", "context_missing", "stored",
            }));
        Assert.That(answers.Where(static a => a.Text("code") is not null), Has.All.Matches<JsonElement>(
            static a => a.Text("status") == "rejected" && !string.IsNullOrEmpty(a.Text("message"))));
    }

    [Test]
    public async Task Lines_SplitAtEveryByte_AreTakenWhole()
    {
        await using var host = await PipelineHost.StartAsync();
        await using var page = await TestClient.ConnectAsync(host.SocketAddress("ada"));
        await using var lines = await PublishLines.OpenAsync(host);

        var bytes = Encoding.UTF8.GetBytes(TokenJson("zwölf € 🦊") + "\r\n\n" + TokenJson("zwei"));
        foreach (var piece in bytes)
        {
            await lines.SendAsync(new[] { piece });
        }

        var answers = await lines.CompleteAsync();
        Assert.That(answers.Select(static a => a.Text("status")), Is.EqualTo(new[] { "queued", "queued" }));
        Assert.That(
            (await page.ReadEventsAsync(2)).Select(static e => e.Data.GetProperty("delta").GetString()),
            Is.EqualTo(new[] { "zwölf € 🦊", "zwei" }));
    }

    [Test]
    public async Task Lines_ForManyUsers_ReachEachUserInOrder()
    {
        // More runs than a request keeps open.
        string[] users = [.. Enumerable.Range(0, 100).Select(static i => $"user{i}")];
        await using var host = await PipelineHost.StartAsync();
        await using var first = await TestClient.ConnectAsync(host.SocketAddress("user0"));
        await using var last = await TestClient.ConnectAsync(host.SocketAddress("user99"));
        await using var lines = await PublishLines.OpenAsync(host);

        for (var round = 1; round <= 5; round++)
        {
            await lines.SendAsync(string.Join('\n', users.Select(user => TokenJson($"{user} {round}", user))));
        }

        var answers = await lines.CompleteAsync();
        Assert.That(
            answers.Select(static a => a.Seq()),
            Is.EqualTo(Enumerable.Range(1, 5).SelectMany(static round => Enumerable.Repeat((long)round, 100))));
        foreach (var (page, user) in new[] { (first, "user0"), (last, "user99") })
        {
            var events = await page.ReadEventsAsync(5);
            Assert.That(
                events.Select(static e => e.Data.GetProperty("delta").GetString()),
                Is.EqualTo(Enumerable.Range(1, 5).Select(round => $"{user} {round}")));
        }
    }

    [Test]
    public async Task Lines_WhoseReceiptsNobodyReads_AreTakenAllTheSame()
    {
        const int Count = 50_000;
        await using var host = await PipelineHost.StartAsync();
        await using var page = await TestClient.ConnectAsync(host.SocketAddress("ada"));
        await using var lines = await PublishLines.OpenAsync(host, receiveBufferBytes: 4096);

        var reading = page.ReadEventsAsync(Count);
        for (var i = 0; i < Count; i += 500)
        {
            await lines.SendAsync(string.Join('\n', Enumerable.Range(i, 500).Select(static n => TokenJson($"{n}"))));
        }

        var events = await reading;
        Assert.That(events[^1].Data.GetProperty("delta").GetString(), Is.EqualTo($"{Count - 1}"));
        Assert.That(host.Failures.Latest(10).Where(static f => f.Code != FailureCode.BufferOverflow), Is.Empty);

        // They have not been thrown away either.
        Assert.That(await lines.CompleteAsync(), Has.Count.EqualTo(Count));
    }

    [Test]
    public async Task Lines_ClientThatSendsAllBeforeItReads_GetsAllReceipts()
    {
        // Most HTTP clients are like this over HTTP/1.1, .NET's own included.
        const int Count = 20_000;
        await using var host = await PipelineHost.StartAsync();
        using var http = host.CreateClient();
        using var content = new ByteArrayContent(
            Encoding.UTF8.GetBytes(string.Join('\n', Enumerable.Range(0, Count).Select(static n => TokenJson($"{n}")))));
        content.Headers.ContentType = new("application/x-ndjson");

        using var response = await http.PostAsync("/v1/events", content);

        var answers = (await response.Content.ReadAsStringAsync()).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.That(answers, Has.Length.EqualTo(Count));
        Assert.That(JsonElement.Parse(answers[^1]).Seq(), Is.EqualTo(Count));
    }

    [Test]
    public async Task Lines_MoreUnreadReceiptsThanAllowed_EndTheRequestLoudlyAndKeepTheEvents()
    {
        await using var host = await PipelineHost.StartAsync(
            settings: [("Netra:Publish:MaxUnreadReceipts", "100"), ("Netra:Publish:UnreadReceiptTimeout", "00:00:01")]);
        await using var lines = await PublishLines.OpenAsync(host, receiveBufferBytes: 4096);

        var sent = 0;
        var failure = Assert.CatchAsync(async () =>
        {
            while (true)
            {
                await lines.SendAsync(string.Join('\n', Enumerable.Range(sent, 1000).Select(static n => TokenJson($"{n}"))));
                sent += 1000;
            }
        });

        Assert.That(failure, Is.InstanceOf<IOException>());
        var reported = host.Failures.Latest(10).Single();
        Assert.That(reported.Code, Is.EqualTo(FailureCode.SendFailed));
        Assert.That(reported.UserId, Is.EqualTo("ada"));
        Assert.That(reported.Message, Does.Contain("100 receipts wait (Netra:Publish:MaxUnreadReceipts)"));
        await using var page = await TestClient.ConnectAsync(host.SocketAddress("ada", "&seq=0"));
        Assert.That(page.Welcome.Seq, Is.GreaterThan(100));
        Assert.That(await page.ReadAsync(), Is.InstanceOf<EventMessage>(), "the page is missing nothing");
    }

    [Test]
    public async Task Lines_ReadBySlowPublisher_AreHeldBackButNotEnded()
    {
        const int Count = 20_000;
        await using var host = await PipelineHost.StartAsync(settings: [("Netra:Publish:MaxUnreadReceipts", "100")]);
        await using var lines = await PublishLines.OpenAsync(host, receiveBufferBytes: 4096);

        var receiving = lines.ReadAsync(Count);
        for (var i = 0; i < Count; i += 500)
        {
            await lines.SendAsync(string.Join('\n', Enumerable.Range(i, 500).Select(static n => TokenJson($"{n}"))));
        }

        Assert.That((await receiving)[^1].Seq(), Is.EqualTo(Count));
        Assert.That(await lines.CompleteAsync(), Is.Empty);
        Assert.That(host.Failures.Total, Is.Zero);
    }

    [Test]
    public async Task Lines_NotStoredYet_AreReadOnAndAnsweredOnceTheyAreStored()
    {
        await using var host = await PipelineHost.StartAsync(static pipeline => pipeline.UseEventLog<HoldingEventLog>());
        var log = (HoldingEventLog)host.Services.GetRequiredService<IEventLog>();
        await using var page = await TestClient.ConnectAsync(host.SocketAddress("ada"));
        await using var lines = await PublishLines.OpenAsync(host);

        log.Hold();
        await lines.SendAsync(TokenJson("1"));
        await lines.SendAsync(TokenJson("2") + "\nnonsense\n" + TokenJson("3"));

        // The page has them before the log does; the answer waits, also the one that needs no log, to stay in order.
        await page.ReadEventsAsync(3);
        var first = lines.ReadAsync();
        using var http = host.CreateClient();
        for (var i = 0; i < 20; i++)
        {
            using var other = await http.GetAsync("/livez");
        }

        Assert.That(first.IsCompleted, Is.False);
        log.Release();

        Assert.That((await first)!.Value.Seq(), Is.EqualTo(1));
        Assert.That(
            (await lines.CompleteAsync()).Select(static a => a.Text("status")),
            Is.EqualTo(new[] { "queued", "rejected", "queued" }));
    }

    [Test]
    public async Task Lines_NeverStored_AreAnsweredWithTheirNumberOnceTimeIsUp()
    {
        var time = new TestTimeProvider();
        await using var host = await PipelineHost.StartAsync(static pipeline => pipeline.UseEventLog<HoldingEventLog>(), time: time);
        var log = (HoldingEventLog)host.Services.GetRequiredService<IEventLog>();
        await using var lines = await PublishLines.OpenAsync(host);

        await lines.SendAsync(TokenJson("1"));
        Assert.That((await lines.ReadAsync())!.Value.Text("status"), Is.EqualTo("stored"));
        log.Hold();
        await lines.SendAsync(TokenJson("2") + "\n" + TokenJson("3"));

        // Both: time may go on between the two of them.
        var answers = lines.ReadAsync(2);
        while (!answers.IsCompleted)
        {
            time.Advance(TimeSpan.FromSeconds(31));
            await Task.WhenAny(answers, Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System));
        }

        var rejected = (await answers)[0];
        Assert.That((rejected.Text("status"), rejected.Text("code"), rejected.Seq()), Is.EqualTo(("rejected", "log_failed", 2)));
        Assert.That((await answers)[1].Seq(), Is.EqualTo(3));
        log.Release();
        await lines.SendAsync(TokenJson("4"));
        Assert.That((await lines.ReadAsync())!.Value.Text("status"), Is.EqualTo("stored"));
        Assert.That(
            host.Failures.Latest(10).Select(static f => f.Code),
            Is.EqualTo(new[] { FailureCode.LogFailed, FailureCode.LogFailed }));
    }

    [Test]
    public async Task Lines_LogFull_AreRejectedUntilItHasRoom()
    {
        await using var host = await PipelineHost.StartAsync(static pipeline => pipeline.UseEventLog<HoldingEventLog>());
        var log = (HoldingEventLog)host.Services.GetRequiredService<IEventLog>();
        await using var lines = await PublishLines.OpenAsync(host);

        log.Refusal = AppendResult.Full;
        await lines.SendAsync(TokenJson("1"));
        Assert.That((await lines.ReadAsync())!.Value.Text("code"), Is.EqualTo("log_full"));
        log.Refusal = AppendResult.Failed;
        await lines.SendAsync(TokenJson("2"));
        Assert.That((await lines.ReadAsync())!.Value.Text("code"), Is.EqualTo("log_failed"));
        log.Refusal = AppendResult.Taken;
        await lines.SendAsync(TokenJson("3"));
        Assert.That((await lines.ReadAsync())!.Value.Seq(), Is.EqualTo(1));
    }

    [Test]
    public async Task Lines_PublisherGoesAway_AcceptedOnesStayAndNothingIsThrown()
    {
        await using var host = await PipelineHost.StartAsync();
        await using var page = await TestClient.ConnectAsync(host.SocketAddress("ada"));
        await using (var lines = await PublishLines.OpenAsync(host))
        {
            await lines.SendAsync(TokenJson("1") + "\n" + TokenJson("2"));
            await lines.ReadAsync();
            await lines.SendAsync(Encoding.UTF8.GetBytes(TokenJson("never finished")[..40]));
        }

        await page.ReadEventsAsync(2);
        await host.StopAsync();
        Assert.That(host.Failures.Total, Is.Zero);
        Assert.That(host.Logs.Logs.Where(static l => l.Level >= LogLevel.Error).Select(static l => l.Message), Is.Empty);
    }

    [Test]
    public async Task Lines_BrokenChunk_AnswersWhatWasWholeAndDoesNotEndProperly()
    {
        await using var host = await PipelineHost.StartAsync();
        await using var lines = await PublishLines.OpenAsync(host);
        await lines.SendAsync(TokenJson("1"));
        await lines.ReadAsync(1);

        await lines.SendRawAsync("nonsense\r\n");

        Assert.That(lines.ReadToEndAsync, Throws.InstanceOf<IOException>());
        Assert.That(lines.HasEnded, Is.False);
        Assert.That(host.Failures.Total, Is.Zero);
        Assert.That(host.Logs.Logs.Where(static l => l.Level >= LogLevel.Error).Select(static l => l.Message), Is.Empty);
    }

    [Test]
    public async Task Lines_OverHttp2_AreAnsweredOneByOne()
    {
        await using var host = await PipelineHost.StartAsync(kestrel: static kestrel => kestrel.Listen(
            IPAddress.Loopback, 0, static listener => listener.Protocols = HttpProtocols.Http2));
        using var http = host.CreateClient();
        using var content = new DuplexContent();
        content.Headers.ContentType = new("application/x-ndjson");
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/events")
        {
            Content = content,
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };

        using var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        using var receipts = new StreamReader(await response.Content.ReadAsStreamAsync());
        for (var i = 1; i <= 10; i++)
        {
            await content.WriteAsync(Encoding.UTF8.GetBytes(TokenJson($"{i}") + "\n"));
            Assert.That(JsonElement.Parse((await receipts.ReadLineAsync())!).Seq(), Is.EqualTo(i));
        }

        content.Complete();
        Assert.That(await receipts.ReadLineAsync(), Is.Null);
    }

    [Test]
    public async Task Lines_ServerStops_AnswersWhatItHasTakenAndEnds()
    {
        await using var host = await PipelineHost.StartAsync(static pipeline => pipeline.UseEventLog<HoldingEventLog>());
        var log = (HoldingEventLog)host.Services.GetRequiredService<IEventLog>();
        await using var page = await TestClient.ConnectAsync(host.SocketAddress("ada"));
        await using var lines = await PublishLines.OpenAsync(host);
        log.Hold();
        await lines.SendAsync(TokenJson("1"));
        await page.ReadEventsAsync(1);

        var stopping = host.StopAsync();
        await page.ReadToEndAsync();
        log.Release();

        Assert.That((await lines.ReadToEndAsync()).Select(static a => a.Seq()), Is.EqualTo(new long[] { 1 }));
        Assert.That(lines.HasEnded, Is.True);
        await stopping.WaitAsync(TestClient.Patience);
        Assert.That(host.Failures.Total, Is.Zero);
        Assert.That(host.Logs.Logs.Where(static l => l.Level >= LogLevel.Error).Select(static l => l.Message), Is.Empty);
    }

    [Test]
    public async Task Lines_RunsOfTheirOwnTrace_CarryIt()
    {
        const string OfRequest = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
        const string OfLine = "00-0af7651916cd43dd8448eb211c80319c-00f067aa0ba902b7-01";
        await using var host = await PipelineHost.StartAsync();
        await using var page = await TestClient.ConnectAsync(host.SocketAddress("ada"));
        await using var lines = await PublishLines.OpenAsync(host, $"traceparent: {OfRequest}\r\n");

        await lines.SendAsync(TokenJson("1"));
        await lines.SendAsync(TokenJson("2")[..^1] + $$""","traceparent":"{{OfLine}}","tracestate":"a=b"}""");
        await lines.SendAsync(TokenJson("3"));
        await lines.CompleteAsync();

        Assert.That((await page.ReadEventsAsync(3)).Select(static e => e.TraceParent), Is.EqualTo(new[] { OfRequest, OfLine, OfRequest }));
    }
}

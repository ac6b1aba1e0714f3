using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Netra.Pipeline.Connections;
using Netra.Pipeline.Delivery;
using Netra.Pipeline.Failures;
using Netra.Pipeline.Protocol;
using Netra.Pipeline.Tests.Infrastructure;
using Netra.Pipeline.Tests.WebSockets;

namespace Netra.Pipeline.Tests.EventStreams;

/// <summary>What the page of an event stream says, and how it is answered (docs/protocol.md, section 9.3).</summary>
[TestFixture]
[Parallelizable(ParallelScope.All)]
internal sealed class EventStreamPostsTests
{
    [Test]
    public async Task Ack_OfWhatWasSent_MovesTheLedger()
    {
        await using var host = await PipelineHost.StartAsync();
        await using var page = await EventStreamClient.OpenAsync(host, "ada");
        await using var emitter = await host.EmitterOfAsync("ada");
        for (var i = 0; i < 3; i++)
        {
            await emitter.TokenAsync("x");
        }

        await page.ReadEventsAsync(3);
        await page.AckAsync(2);
        await page.AckAsync(1);
        Assert.That((await AccountAsync(host)).Acknowledged, Is.EqualTo(2));

        await page.TellAsync("messages", """{"type":"ack","seq":3}""");
        Assert.That((await AccountAsync(host)).Pending, Is.Zero);
    }

    [Test]
    public async Task Post_ToAConnectionThatIsNotThere_IsNotFound()
    {
        await using var host = await PipelineHost.StartAsync();
        await using var ada = await EventStreamClient.OpenAsync(host, "ada");
        await using var eve = await EventStreamClient.OpenAsync(host, "eve");
        await using var socket = await TestClient.ConnectAsync(host.SocketAddress("ada"));
        var ended = await EventStreamClient.OpenAsync(host, "ada");
        await ended.DisposeAsync();
        await Eventually.BecomesTrueAsync(() => host.Connections.Count == 3, "one is gone");
        foreach (var (what, id, query) in new[]
        {
            ("unknown", "c-nobody", "?user_id=ada"),
            ("another user's", eve.Welcome.ConnectionId, "?user_id=ada"),
            ("of one that says to be another", ada.Welcome.ConnectionId, "?user_id=eve"),
            ("a WebSocket", socket.Welcome.ConnectionId, "?user_id=ada"),
            ("ended", ended.Welcome.ConnectionId, "?user_id=ada"),
        })
        {
            foreach (var (route, json) in new[] { ("ack", """{"seq":0}"""), ("messages", """{"type":"pong"}"""), ("messages", "nonsense") })
            {
                var answer = await ada.PostAsync(route, json, id, query);
                Assert.That(
                    (answer.Response.StatusCode, answer.Body.Text("code")),
                    Is.EqualTo((HttpStatusCode.NotFound, "not_found")),
                    $"{what}, {route}");
                Assert.That(answer.Response.Content.Headers.ContentType?.MediaType, Is.EqualTo("application/problem+json"));
            }
        }

        Assert.That(host.Connections.Count, Is.EqualTo(3), "nobody's connection has suffered");
    }

    [Test]
    public async Task Post_Authenticator_IsAskedEachTime()
    {
        var authenticator = new ScriptedAuthenticator(static (request, _) => Task.FromResult(request.Query["token"].ToString() switch
        {
            "ada" => AuthenticationResult.Admit("ada"),
            "broken" => throw new InvalidOperationException("It is broken."),
            _ => AuthenticationResult.Unauthorized("no"),
        }));
        await using var host = await PipelineHost.StartAsync(b => b.Services.AddSingleton<IConnectionAuthenticator>(authenticator));
        await using var page = await EventStreamClient.OpenAsync(host, "ada", "&token=ada");

        var right = await page.PostAsync("ack", """{"seq":0}""", query: "?token=ada");
        var wrong = await page.PostAsync("ack", """{"seq":0}""", query: "?token=eve");
        var broken = await page.PostAsync("ack", """{"seq":0}""", query: "?token=broken");

        Assert.That(right.Response.StatusCode, Is.EqualTo(HttpStatusCode.NoContent));
        wrong.ShouldBe(HttpStatusCode.Unauthorized, "unauthorized");
        broken.ShouldBe(HttpStatusCode.InternalServerError, "internal_error");
        Assert.That(authenticator.Requests.Last().Path, Is.EqualTo($"/v1/stream/{page.Welcome.ConnectionId}/ack"));
        Assert.That(host.Connections.Count, Is.EqualTo(1));
    }

    [TestCase("ack", """{"seq":1}""", "1 is acknowledged, but the last number told to this connection is 0")]
    [TestCase("ack", """{"seq":-1}""", "'seq' must be an integer")]
    [TestCase("ack", """{}""", "'ack' needs 'seq'")]
    [TestCase("ack", """{"seq":0,"seq":0}""", "'seq' occurs twice")]
    [TestCase("ack", "[]", "one JSON object")]
    [TestCase("ack", "", "JSON")]
    [TestCase("messages", """{"type":"ack","seq":1}""", "1 is acknowledged")]
    [TestCase("messages", """{"seq":0}""", "needs 'type'")]
    [TestCase("messages", """{"type":"pong"}{"type":"pong"}""", "JSON")]
    [TestCase("messages", """{"type":"replay","from":1,"to":1}""", "replay asks for")]
    [TestCase("messages", """{"type":"chat_message","id":"m1"}""", "needs 'thread_id'")]
    public async Task Post_ThatViolatesTheProtocol_IsToldAndEndsTheStream(string route, string json, string problem)
    {
        await using var host = await PipelineHost.StartAsync();
        await using var page = await EventStreamClient.OpenAsync(host, "ada");

        var answer = await page.PostAsync(route, json);

        answer.ShouldBe(HttpStatusCode.BadRequest, "invalid_message");
        Assert.That(answer.Body.Text("detail"), Does.Contain(problem));
        Assert.That(await page.ReadEndAsync(), Is.EqualTo(("invalid_message", false)));
        Assert.That(await host.EndReasonOfAsync("ada"), Is.EqualTo("invalid_message"));
    }

    [Test]
    public async Task Post_AboveTheLimit_IsToldAndEndsTheStream([Values] bool isChunked)
    {
        await using var host = await PipelineHost.StartAsync(settings: [("Netra:Connections:MaxMessageBytes", "300")]);
        await using var page = await EventStreamClient.OpenAsync(host, "ada");
        var json = $$"""{"type":"chat_message","id":"m1","thread_id":"t1","content":"{{new string('x', 300)}}"}""";
        await page.TellAsync("messages", """{"type":"pong"}""".PadRight(300));

        var answer = isChunked ? await PostChunkedAsync(host, page, json) : await page.PostAsync("messages", json);

        answer.ShouldBe(HttpStatusCode.RequestEntityTooLarge, "message_too_big");
        Assert.That(answer.Body.Text("detail"), Does.Contain("300 bytes").And.Contain("Netra:Connections:MaxMessageBytes"));
        Assert.That(await page.ReadEndAsync(), Is.EqualTo(("message_too_big", false)));
    }

    [Test]
    public async Task Post_OfAnotherMediaType_IsRefusedAndTheStreamLivesOn()
    {
        await using var host = await PipelineHost.StartAsync();
        await using var page = await EventStreamClient.OpenAsync(host, "ada");
        foreach (var type in new[] { "text/plain", "application/x-ndjson", "application/json; charset=latin1", "" })
        {
            (await page.PostAsync("messages", """{"type":"pong"}""", contentType: type)).ShouldBe(
                HttpStatusCode.UnsupportedMediaType, "unsupported_media_type");
        }

        await page.PostAsync("messages", """{"type":"pong"}""", contentType: "application/json; charset=\"UTF-8\"");
        Assert.That(host.Connections.Count, Is.EqualTo(1));
    }

    [Test]
    public async Task UnknownMessage_IsTakenAndAnsweredOnTheStream()
    {
        await using var host = await PipelineHost.StartAsync();
        await using var page = await EventStreamClient.OpenAsync(host, "ada");

        await page.TellAsync("messages", """{"type":"news"}""");

        Assert.That((await page.ReadAsync<ErrorMessage>()).Code, Is.EqualTo("unknown_message"));
    }

    [Test]
    public async Task ChatMessage_HandlerStartsARun_IsAcceptedOnTheStream()
    {
        ClientChatMessage? handled = null;
        var handler = new DelegateMessageHandler((message, _) =>
        {
            handled = message;
            return message.MessageId == "bad"
                ? throw new InvalidOperationException("no such model")
                : ValueTask.FromResult<string?>("run-7");
        });
        await using var host = await PipelineHost.StartAsync(
            pipeline => pipeline.Services.AddSingleton<IClientMessageHandler>(handler));
        await using var page = await EventStreamClient.OpenAsync(host, "ada");

        await page.TellAsync("messages", """{"type":"chat_message","id":"m1","thread_id":"t1","content":"hello"}""");

        Assert.That(await page.ReadAsync<AcceptedMessage>(), Is.EqualTo(new AcceptedMessage("m1", "run-7", Taken: true)));
        Assert.That((handled!.UserId, handled.ConnectionId, handled.Content), Is.EqualTo(("ada", page.Welcome.ConnectionId, "hello")));

        await page.TellAsync("messages", """{"type":"chat_message","id":"bad","thread_id":"t1","content":"hello"}""");
        var error = await page.ReadAsync<ErrorMessage>();
        Assert.That((error.Code, error.Id), Is.EqualTo(("handler_failed", "bad")));
        await page.TellAsync("messages", """{"type":"cancel_run","id":"m2","thread_id":"t1","run_id":"r1"}""");
        error = await page.ReadAsync<ErrorMessage>();
        Assert.That((error.Code, error.Id), Is.EqualTo(("handler_failed", "m2")));
        Assert.That(host.Failures.Latest(10).Select(static f => f.Code), Is.All.EqualTo(FailureCode.HandlerFailed));
    }

    [Test]
    public async Task Post_ManyAtOnce_AreAllTaken()
    {
        await using var host = await PipelineHost.StartAsync();
        await using var page = await EventStreamClient.OpenAsync(host, "ada");
        await using var emitter = await host.EmitterOfAsync("ada");
        for (var i = 0; i < 50; i++)
        {
            await emitter.TokenAsync("x");
        }

        await page.ReadEventsAsync(50);
        await Task.WhenAll(Enumerable.Range(1, 50).Select(seq => page.AckAsync(seq)));

        Assert.That((await AccountAsync(host)).Pending, Is.Zero);
        Assert.That(host.ConnectionOf(page.Welcome.ConnectionId).Subscription.Acknowledged, Is.EqualTo(50));
    }

    private static async Task<Netra.Pipeline.Storage.StreamAccount> AccountAsync(PipelineHost host)
        => (await host.Services.GetRequiredService<Ledger>().ReadAsync("ada"))!.Account;

    private static async Task<(HttpResponseMessage Response, System.Text.Json.JsonElement Body)> PostChunkedAsync(
        PipelineHost host, EventStreamClient page, string json)
    {
        using var http = host.CreateClient();
        using var request = new HttpRequestMessage(HttpMethod.Post, $"/v1/stream/{page.Welcome.ConnectionId}/messages?user_id=ada")
        {
            Content = new StringContent(json, System.Text.Encoding.UTF8, "application/json"),
        };
        request.Headers.TransferEncodingChunked = true;
        var response = await http.SendAsync(request);
        return (response, System.Text.Json.JsonElement.Parse(await response.Content.ReadAsByteArrayAsync()));
    }
}

using Microsoft.Extensions.DependencyInjection;
using Netra.Pipeline.Connections;
using Netra.Pipeline.Failures;
using Netra.Pipeline.Protocol;
using Netra.Pipeline.Tests.Infrastructure;

namespace Netra.Pipeline.Tests.Functional;

/// <summary>Messages of the page for the backend, and their answers.</summary>
[TestFixture]
[Parallelizable(ParallelScope.All)]
internal sealed class ChatMessageTests
{
    [Test]
    public async Task ChatMessage_HandlerStartsARun_IsAcceptedWithItsId()
    {
        ClientChatMessage? handled = null;
        await using var host = await StartAsync((message, _) =>
        {
            handled = message;
            return ValueTask.FromResult<string?>("run-7");
        });
        await using var client = await TestClient.ConnectAsync(host.SocketAddress("ada"));

        await SendAsync(client, "m1", """,{"a":1}""");

        Assert.That(await client.ReadAsync<AcceptedMessage>(), Is.EqualTo(new AcceptedMessage("m1", "run-7", Taken: true)));
        Assert.That(
            (handled!.UserId, handled.ConnectionId, handled.ThreadId, handled.Content),
            Is.EqualTo(("ada", client.Welcome.ConnectionId, "t1", "hello")));
    }

    [Test]
    public async Task ChatMessage_HandlerThrows_IsAnsweredAndReportedAndTheConnectionLivesOn()
    {
        await using var host = await StartAsync(
            static (message, _) => message.MessageId == "bad" ? throw new InvalidOperationException("no such model") : default);
        await using var client = await TestClient.ConnectAsync(host.SocketAddress("ada"));

        await SendAsync(client, "bad");

        var error = await client.ReadAsync<ErrorMessage>();
        Assert.That((error.Code, error.Id), Is.EqualTo(("handler_failed", "bad")));
        Assert.That(error.Message, Does.Contain("no such model"));
        Assert.That(host.Failures.Latest(10).Single().Code, Is.EqualTo(FailureCode.HandlerFailed));
        await SendAsync(client, "good");
        Assert.That(await client.ReadAsync<AcceptedMessage>(), Is.EqualTo(new AcceptedMessage("good", Taken: true)));
    }

    [Test]
    public async Task ChatMessage_NoHandler_IsAnsweredAndReported()
    {
        await using var host = await PipelineHost.StartAsync();
        await using var client = await TestClient.ConnectAsync(host.SocketAddress("ada"));

        await SendAsync(client, "m1");

        var error = await client.ReadAsync<ErrorMessage>();
        Assert.That((error.Code, error.Id), Is.EqualTo(("handler_missing", "m1")));
        Assert.That(host.Failures.Latest(10).Single().Code, Is.EqualTo(FailureCode.HandlerMissing));
    }

    [Test]
    public async Task ChatMessage_MoreThanAreHandledAtATime_IsRejected()
    {
        var release = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var host = await StartAsync(
            async (_, _) =>
            {
                await release.Task;
                return null;
            },
            ("Netra:Connections:MaxMessagesInHandling", "2"));
        await using var client = await TestClient.ConnectAsync(host.SocketAddress("ada"));
        foreach (var id in new[] { "m1", "m2", "m3" })
        {
            await SendAsync(client, id);
        }

        var error = await client.ReadAsync<ErrorMessage>();
        Assert.That((error.Code, error.Id), Is.EqualTo(("message_rejected", "m3")));
        release.SetResult();
        var accepted = new[] { await client.ReadAsync<AcceptedMessage>(), await client.ReadAsync<AcceptedMessage>() };
        Assert.That(accepted.Select(static a => a.Id), Is.EquivalentTo(new[] { "m1", "m2" }));

        // A place is free a moment after the answer has gone out.
        await Eventually.BecomesTrueAsync(
            async () =>
            {
                await SendAsync(client, "m4");
                ServerMessage answer;
                do
                {
                    answer = await client.ReadAsync();
                }
                while (answer is not (AcceptedMessage or ErrorMessage));
                return answer is AcceptedMessage { Id: "m4" };
            },
            "there is room again");
    }

    [Test]
    public async Task ChatMessage_SlowHandler_HoldsUpNoAcknowledgement()
    {
        using var blocked = new ManualResetEventSlim();
        await using var host = await StartAsync((_, ct) =>
        {
            // Before its first await, even.
            blocked.Wait(TestClient.Patience, ct);
            return default;
        });
        await using var client = await TestClient.ConnectAsync(host.SocketAddress("ada"));
        await using var emitter = await host.EmitterOfAsync("ada");
        await SendAsync(client, "slow");
        await emitter.TokenAsync("one");
        await client.AckAsync((await client.ReadEventsAsync(2))[^1].Seq);

        var subscription = host.ConnectionOf(client.Welcome.ConnectionId).Subscription;
        await Eventually.BecomesTrueAsync(() => subscription.Acknowledged == 2, "the acknowledgement was handled");
        blocked.Set();
        Assert.That((await client.ReadAsync<AcceptedMessage>()).Id, Is.EqualTo("slow"));
    }

    [Test]
    public async Task UnknownMessage_IsAnsweredAndTheConnectionLivesOn()
    {
        await using var host = await PipelineHost.StartAsync();
        await using var client = await TestClient.ConnectAsync(host.SocketAddress("ada"));
        await using var emitter = await host.EmitterOfAsync("ada");

        await client.SendAsync("""{"type":"from_the_future","x":1}""");

        Assert.That((await client.ReadAsync<ErrorMessage>()).Code, Is.EqualTo("unknown_message"));
        await emitter.TokenAsync("one");
        Assert.That((await client.ReadAsync<EventMessage>()).Seq, Is.EqualTo(1));
    }

    private static Task<PipelineHost> StartAsync(
        Func<ClientChatMessage, CancellationToken, ValueTask<string?>> handle, params (string Key, string Value)[] settings)
        => PipelineHost.StartAsync(
            pipeline => pipeline.Services.AddSingleton<IClientMessageHandler>(new DelegateMessageHandler(handle)), settings);

    private static Task SendAsync(TestClient client, string id, string? data = null)
    {
        var more = data is null ? string.Empty : $",\"data\":{data[1..]}";
        return client.SendAsync($$"""{"type":"chat_message","id":"{{id}}","thread_id":"t1","content":"hello"{{more}}}""");
    }
}

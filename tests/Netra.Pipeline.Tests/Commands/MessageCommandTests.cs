using System.Collections.Concurrent;
using System.Text;
using Microsoft.Extensions.DependencyInjection;
using Netra.Pipeline.Connections;
using Netra.Pipeline.Protocol;
using Netra.Pipeline.Sqlite;
using Netra.Pipeline.Tests.Infrastructure;
using Netra.Pipeline.Tests.Sqlite;

namespace Netra.Pipeline.Tests.Commands;

/// <summary>The user's own words: an event of their thread, and then the handler's or a publisher's.</summary>
[TestFixture]
[Parallelizable(ParallelScope.All)]
internal sealed class MessageCommandTests
{
    [Test]
    public async Task Message_HandledAndSentAgain_IsOneEventOnEveryDeviceAndAnsweredAsItWas()
    {
        var handled = 0;
        await using var host = await StartAsync((_, _) => ValueTask.FromResult<string?>($"run-{Interlocked.Increment(ref handled)}"));
        await using var client = await TestClient.ConnectAsync(host.SocketAddress("ada"));
        await using var other = await TestClient.ConnectAsync(host.SocketAddress("ada"));

        await SendAsync(client, "m1", "Hi", ""","data":{"a":[1]}""");
        Assert.That(await client.ReadAsync<AcceptedMessage>(), Is.EqualTo(new AcceptedMessage("m1", "run-1", Taken: true)));
        await SendAsync(other, "m1", "Hi", ""","data":{"a":[1]}""");
        Assert.That(await other.ReadAsync<AcceptedMessage>(), Is.EqualTo(new AcceptedMessage("m1", "run-1", Taken: true)));
        await SendAsync(client, "m1", "Ho");
        Assert.That((await client.ReadAsync<ErrorMessage>()).Code, Is.EqualTo("idempotency_conflict"));

        Assert.That(handled, Is.EqualTo(1));
        await using var late = await TestClient.ConnectAsync(host.SocketAddress("ada", "&seq=0"));
        var words = await late.ReadAsync<EventMessage>();
        Assert.That((words.Seq, words.EventType, words.ThreadId, words.RunId), Is.EqualTo((1L, EventType.UserMessage, "t1", string.Empty)));
        Assert.That(words.Data.GetRawText(), Is.EqualTo("""{"content":"Hi","message_id":"m1","data":{"a":[1]}}"""));
        Assert.That(late.Welcome.Seq, Is.EqualTo(1));
    }

    [Test]
    public async Task Message_SentByManyAtOnce_IsHandledOnce()
    {
        var (handled, release) = (0, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        await using var host = await StartAsync(async (_, _) =>
        {
            Interlocked.Increment(ref handled);
            await release.Task;
            return "run-7";
        });
        await using var client = await TestClient.ConnectAsync(host.SocketAddress("ada"));
        for (var i = 0; i < 3; i++)
        {
            await SendAsync(client, "m1", "Hi");
        }

        await Eventually.BecomesTrueAsync(() => handled == 1, "the first one is being handled");
        release.SetResult();

        for (var i = 0; i < 3; i++)
        {
            Assert.That(await client.ReadAsync<AcceptedMessage>(), Is.EqualTo(new AcceptedMessage("m1", "run-7", Taken: true)));
        }

        Assert.That(handled, Is.EqualTo(1));
    }

    [Test]
    public async Task Message_HandlerRefuses_LeavesTheWordsAndSendingItAgainIsAnotherTry()
    {
        var tries = 0;
        await using var host = await StartAsync((_, _) => Interlocked.Increment(ref tries) == 1
            ? throw new InvalidOperationException("not now")
            : ValueTask.FromResult<string?>("run-2"));
        await using var client = await TestClient.ConnectAsync(host.SocketAddress("ada"));

        await SendAsync(client, "m1", "Hi");
        var error = await client.ReadAsync<ErrorMessage>();
        await SendAsync(client, "m1", "Hi");

        Assert.That((error.Code, error.Id), Is.EqualTo(("handler_failed", "m1")));
        Assert.That(await client.ReadAsync<AcceptedMessage>(), Is.EqualTo(new AcceptedMessage("m1", "run-2", Taken: true)));
        await using var late = await TestClient.ConnectAsync(host.SocketAddress("ada", "&seq=0"));
        Assert.That(late.Welcome.Seq, Is.EqualTo(1), "the words stayed, and came no second time");
    }

    [Test]
    public async Task Message_PublisherHasSubscribed_GoesToItInsteadOfTheHandler()
    {
        await using var host = await StartAsync(static (_, _) => throw new InvalidOperationException("the handler was asked"));
        await using var client = await TestClient.ConnectAsync(host.SocketAddress("ada"));
        using var plain = await CommandReaderClient.OpenAsync(host.Port);
        using var reader = await CommandReaderClient.OpenAsync(host.Port, "?subscribe=chat_message");

        await SendAsync(client, "m1", "Hi", ""","data":{}""");

        Assert.That(await client.ReadAsync<AcceptedMessage>(), Is.EqualTo(new AcceptedMessage("m1")));
        var line = await reader.ReadAsync();
        var id = host.Streams.Loaded.Single(static stream => stream.UserId == "ada").IdOf(1);
        Assert.That(line, Is.EqualTo(
            $$"""{"command":"chat_message","command_id":"{{id}}","user_id":"ada","thread_id":"t1","""
            + "\"message_id\":\"m1\",\"content\":\"Hi\",\"data\":{}}"));
        await SendAsync(client, "m1", "Hi", ""","data":{}""");
        Assert.That(await client.ReadAsync<AcceptedMessage>(), Is.EqualTo(new AcceptedMessage("m1")));
        await AcknowledgeAsync(host.Port, id);
        Assert.That(await client.ReadAsync<CommandTakenMessage>(), Is.EqualTo(new CommandTakenMessage("m1", "chat_message", id, "t1")));
        await SendAsync(client, "m1", "Hi", ""","data":{}""");
        Assert.That(await client.ReadAsync<AcceptedMessage>(), Is.EqualTo(new AcceptedMessage("m1", Taken: true)));
    }

    [Test]
    public async Task Message_SubscriberAway_WaitsThenIsSaidToHaveExpiredAndMayBeSentAgain()
    {
        var time = new TestTimeProvider();
        await using var host = await PipelineHost.StartAsync(
            settings: [("Netra:Connections:PingInterval", "01:00:00"), ("Netra:Commands:MessageTimeout", "00:01:00")], time: time);
        await using var client = await TestClient.ConnectAsync(host.SocketAddress("ada"));
        (await CommandReaderClient.OpenAsync(host.Port, "?subscribe=chat_message")).Dispose();
        await SendAsync(client, "m1", "Hi");
        Assert.That(await client.ReadAsync<AcceptedMessage>(), Is.EqualTo(new AcceptedMessage("m1")));
        await client.AckAsync(1);

        var reading = client.ReadEventsAsync(2);
        await host.StepAsync(time, 62);
        while (!reading.IsCompleted)
        {
            // The round that sees it may come a moment late.
            await host.StepAsync(time, 1);
        }

        var expired = (await reading)[1];
        Assert.That((expired.EventType, expired.ThreadId, expired.RunId), Is.EqualTo((EventType.CommandExpired, "t1", string.Empty)));
        Assert.That((expired.Data.Text("command"), expired.Data.Text("id")), Is.EqualTo(("chat_message", "m1")));
        await SendAsync(client, "m1", "Hi");
        Assert.That(await client.ReadAsync<AcceptedMessage>(), Is.EqualTo(new AcceptedMessage("m1")));
        using var back = await CommandReaderClient.OpenAsync(host.Port, "?subscribe=chat_message");
        Assert.That((await back.ReadCommandAsync()).Text("command_id"), Is.EqualTo(expired.Data.Text("command_id")), "the same command");
    }

    [Test]
    public async Task Message_ServerRestarts_IsHandledAgainOnlyWhereTheHandlerHadNotTakenIt()
    {
        using var folder = new SqliteFolder();
        var handled = new ConcurrentQueue<string>();
        await using (var host = await StartAsync(Handle, folder))
        {
            await using var client = await TestClient.ConnectAsync(host.SocketAddress("ada"));
            await SendAsync(client, "taken", "Hi");
            await client.ReadAsync<AcceptedMessage>();
            await SendAsync(client, "refused", "Hi");
            await client.ReadAsync<ErrorMessage>();
        }

        await using (var host = await StartAsync(Handle, folder))
        {
            await using var client = await TestClient.ConnectAsync(host.SocketAddress("ada"));
            await SendAsync(client, "taken", "Hi");
            Assert.That(await client.ReadAsync<AcceptedMessage>(), Is.EqualTo(new AcceptedMessage("taken", "run-taken", Taken: true)));
            Assert.That(handled, Is.EqualTo(new[] { "taken", "refused" }), "nothing is handled by itself");
            await SendAsync(client, "refused", "Hi");
            Assert.That(await client.ReadAsync<AcceptedMessage>(), Is.EqualTo(new AcceptedMessage("refused", "run-refused", Taken: true)));
        }

        ValueTask<string?> Handle(ClientChatMessage message, CancellationToken ct)
        {
            handled.Enqueue(message.MessageId);
            return handled.Count == 2
                ? throw new InvalidOperationException("no")
                : ValueTask.FromResult<string?>("run-" + message.MessageId);
        }
    }

    private static Task<PipelineHost> StartAsync(
        Func<ClientChatMessage, CancellationToken, ValueTask<string?>> handle, SqliteFolder? folder = null)
        => PipelineHost.StartAsync(
            pipeline =>
            {
                pipeline.Services.AddSingleton<IClientMessageHandler>(new DelegateMessageHandler(handle));
                if (folder is not null)
                {
                    pipeline.UseEventLog<SqliteEventLog>();
                }
            },
            folder is null ? [] : [("Netra:DataDirectory", folder.Path)]);

    public static async Task AcknowledgeAsync(int port, string commandId)
    {
        using var http = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{port}"), Timeout = TestClient.Patience };
        using var content = new StringContent($$"""{"command_ack":"{{commandId}}"}""", Encoding.UTF8, "application/json");
        (await http.PostAsync("/v1/commands/ack", content)).EnsureSuccessStatusCode();
    }

    private static Task SendAsync(TestClient client, string id, string content, string data = "")
        => client.SendAsync($$"""{"type":"chat_message","id":"{{id}}","thread_id":"t1","content":"{{content}}"{{data}}}""");
}

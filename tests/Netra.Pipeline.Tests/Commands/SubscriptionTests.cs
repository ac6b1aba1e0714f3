using Microsoft.Extensions.DependencyInjection;
using Netra.Pipeline.Commands;
using Netra.Pipeline.Connections;
using Netra.Pipeline.Protocol;
using Netra.Pipeline.Sqlite;
using Netra.Pipeline.Tests.Infrastructure;
using Netra.Pipeline.Tests.Sqlite;

namespace Netra.Pipeline.Tests.Commands;

/// <summary>What outlives the backends that read: subscriptions for a while, and cancellations until somebody takes them.</summary>
[TestFixture]
[Parallelizable(ParallelScope.All)]
internal sealed class SubscriptionTests
{
    [Test]
    public async Task Message_LastSubscriptionIsOver_GoesToTheHandlerAndOthersMaySubscribe()
    {
        await using var host = await PipelineHost.StartAsync(
            static builder => builder.Services.AddSingleton<IClientMessageHandler>(
                new DelegateMessageHandler(static (_, _) => ValueTask.FromResult<string?>("run-1"))),
            [("Netra:Commands:SubscriptionTimeout", "00:00:01")]);
        await using var page = await TestClient.ConnectAsync(host.SocketAddress("ada"));
        var registry = host.Services.GetRequiredService<CommandRegistry>();
        using (await CommandReaderClient.OpenAsync(host.Port, "?subscribe=chat_message"))
        {
            Assert.That(registry.Subscriber, Is.Not.Null);
        }

        await Eventually.BecomesTrueAsync(() => registry.Subscriber is null, "the subscription is over");

        await page.SendAsync("""{"type":"chat_message","id":"m1","thread_id":"t1","content":"Hi"}""");
        Assert.That(await page.ReadAsync<AcceptedMessage>(), Is.EqualTo(new AcceptedMessage("m1", "run-1", Taken: true)));
        using var again = await CommandReaderClient.OpenAsync(host.Port, "?subscribe=chat_message");
        await page.SendAsync("""{"type":"chat_message","id":"m2","thread_id":"t1","content":"Ho"}""");
        Assert.That((await again.ReadCommandAsync()).Text("message_id"), Is.EqualTo("m2"));
    }

    [TestCase("m1")]
    [TestCase("m2")]
    public async Task Cancel_UntakenOverARestart_IsAnsweredWhoeverAsksAgain(string messageId)
    {
        using var folder = new SqliteFolder();
        await using (var first = await StartAsync(folder))
        {
            using var http = first.CreateClient();
            await http.PublishAsync(PublishExtensions.EventJson("agent_started", """{"agent_name":"a"}"""));
            await using var page = await TestClient.ConnectAsync(first.SocketAddress("ada"));
            await CancelAsync(page, "m1");
        }

        await using var second = await StartAsync(folder);
        await using var device = await TestClient.ConnectAsync(second.SocketAddress("ada"));
        await CancelAsync(device, messageId);

        using var reader = await CommandReaderClient.OpenAsync(second.Port);
        Assert.That((await reader.ReadCommandAsync()).Text("id"), Is.EqualTo("m1"), "it is one command");
    }

    private static async Task CancelAsync(TestClient page, string messageId)
    {
        await page.SendAsync($$"""{"type":"cancel_run","id":"{{messageId}}","thread_id":"t1","run_id":"r1"}""");
        Assert.That(await page.ReadAsync<AcceptedMessage>(), Is.EqualTo(new AcceptedMessage(messageId, "r1")));
    }

    private static Task<PipelineHost> StartAsync(SqliteFolder folder) => PipelineHost.StartAsync(
        static builder => builder.UseEventLog<SqliteEventLog>(), [("Netra:DataDirectory", folder.Path)]);
}

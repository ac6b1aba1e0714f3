using System.Text;
using Netra.Pipeline.Protocol;
using Netra.Pipeline.Tests.Infrastructure;

namespace Netra.Pipeline.Tests.Commands;

/// <summary>A backend in a process of its own, in another language, and a server that is killed between any two steps.</summary>
[TestFixture]
[Parallelizable(ParallelScope.All)]
internal sealed class BackendProcessTests
{
    [Test]
    public async Task Backend_OfAnotherLanguage_IsAskedAnsweredSpokenToAndCancelled()
    {
        await using var host = await PipelineHost.StartAsync();
        await using var page = await TestClient.ConnectAsync(host.SocketAddress("ada"));
        using var backend = PythonBackend.Start(host.Port, "r1");
        await WaitForAsync(page, EventType.RunWaiting);

        await page.SendAsync("""{"type":"answer","id":"m1","thread_id":"t1","run_id":"r1","request_id":"q1","value":true}""");
        Assert.That((await WaitForAsync(page, EventType.Token)).Data.Text("delta"), Is.EqualTo("yes"));
        await page.SendAsync("""{"type":"chat_message","id":"m2","thread_id":"t1","content":"hurry"}""");
        Assert.That((await WaitForAsync(page, EventType.Token)).Data.Text("delta"), Is.EqualTo("you said hurry"));
        await page.SendAsync("""{"type":"cancel_run","id":"m3","thread_id":"t1","run_id":"r1"}""");
        Assert.That((await WaitForAsync(page, EventType.AgentCancelled)).RunId, Is.EqualTo("r1"));

        Assert.That(await backend.WhenExitedAsync(), Is.Zero);
        Assert.That(
            backend.Commands.Select(static command => command.Text("command")),
            Is.EqualTo(new[] { "answer", "chat_message", "cancel_run" }));
    }

    [Test]
    public async Task Server_KilledBetweenStoredAndTakenAndBeforeTheAcknowledgement_TellsTheSameCommandAgain()
    {
        await using var folder = new ServerFolder();
        string[] arguments = [folder.Argument];
        string? id;
        await using (var server = ServerProcess.Start("Development", arguments))
        {
            var port = await server.WhenReadyAsync();
            await PublishAsync(port, PublishExtensions.EventJson("agent_started", """{"agent_name":"a","lease_ms":600000}"""));
            await using var page = await TestClient.ConnectAsync(new Uri($"ws://127.0.0.1:{port}/ws?user_id=ada"));
            await page.SendAsync("""{"type":"cancel_run","id":"m1","thread_id":"t1","run_id":"r1"}""");
            Assert.That(await page.ReadAsync<AcceptedMessage>(), Is.EqualTo(new AcceptedMessage("m1", "r1")));
            await server.KillAsync();
        }

        await using (var server = ServerProcess.Start("Development", arguments))
        {
            using var backend = PythonBackend.Start(await server.WhenReadyAsync(), "r2", "--no-acks");
            id = (await backend.SeesAsync("cancel_run")).Text("command_id");
            await server.KillAsync();
        }

        await using (var server = ServerProcess.Start("Development", arguments))
        {
            var port = await server.WhenReadyAsync();
            await using var page = await TestClient.ConnectAsync(new Uri($"ws://127.0.0.1:{port}/ws?user_id=ada"));
            using (var reader = await CommandReaderClient.OpenAsync(port))
            {
                Assert.That((await reader.ReadCommandAsync()).Text("command_id"), Is.EqualTo(id), "it was seen, and not acknowledged");
                await AcknowledgeAsync(port, id!);
            }

            Assert.That((await page.ReadAsync<CommandTakenMessage>()).Id, Is.EqualTo("m1"));
            await server.KillAsync();
        }

        await using (var server = ServerProcess.Start("Development", arguments))
        {
            var port = await server.WhenReadyAsync();
            await AcknowledgeAsync(port, id!);
            await using var page = await TestClient.ConnectAsync(new Uri($"ws://127.0.0.1:{port}/ws?user_id=ada"));
            await page.SendAsync("""{"type":"cancel_run","id":"m1","thread_id":"t1","run_id":"r1"}""");
            Assert.That(await page.ReadAsync<AcceptedMessage>(), Is.EqualTo(new AcceptedMessage("m1", "r1", Taken: true)));
        }
    }

    private static async Task<EventMessage> WaitForAsync(TestClient page, EventType type)
    {
        while (true)
        {
            var message = await page.ReadAsync<EventMessage>();
            if (message.EventType == type)
            {
                return message;
            }
        }
    }

    private static async Task PublishAsync(int port, string json)
    {
        using var http = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{port}"), Timeout = TestClient.Patience };
        using var content = new StringContent(json, Encoding.UTF8, "application/json");
        (await http.PostAsync("/v1/events", content)).EnsureSuccessStatusCode();
    }

    private static Task AcknowledgeAsync(int port, string commandId) => MessageCommandTests.AcknowledgeAsync(port, commandId);
}

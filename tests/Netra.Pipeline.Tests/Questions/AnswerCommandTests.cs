using Netra.Pipeline.Protocol;
using Netra.Pipeline.Sqlite;
using Netra.Pipeline.Tests.Commands;
using Netra.Pipeline.Tests.Infrastructure;
using static Netra.Pipeline.Tests.Infrastructure.PublishExtensions;
using static Netra.Pipeline.Tests.Questions.ApprovalTests;

namespace Netra.Pipeline.Tests.Questions;

/// <summary>Answers reach the backends that asked, as commands.</summary>
[TestFixture]
[Parallelizable(ParallelScope.All)]
internal sealed class AnswerCommandTests
{
    private const string Started = """{"agent_name":"a"}""";

    [Test]
    public async Task Answer_OfARunOutside_IsACommandOfItsRequestAndTheEventIsItsId()
    {
        await using var host = await PipelineHost.StartAsync();
        await using var page = await TestClient.ConnectAsync(host.SocketAddress("ada"));
        await using var lines = await PublishLines.OpenAsync(host, query: "?commands=1");
        await lines.SendAsync(EventJson("agent_started", Started) + "\n" + Ask("q1", "text", "Name?"));
        await lines.ReadAsync(2);

        await page.SendAsync(Answer("m1", "q1", "\"Ada\""));

        var resumed = (await page.ReadEventsAsync(3))[2];
        var command = (await lines.ReadAsync())!.Value;
        var members = """
            "user_id":"ada","thread_id":"t1","run_id":"r1","request_id":"q1","value":"Ada","by":"ada"}
            """;
        Assert.That(command.GetRawText(), Is.EqualTo($$"""{"command":"answer","command_id":"{{resumed.Id}}",{{members}}"""));
        await lines.SendAsync($$"""{"command_ack":"{{resumed.Id}}"}""");
        Assert.That((await lines.ReadAsync())!.Value.Text("status"), Is.EqualTo("acknowledged"));
        Assert.That(
            await page.ReadAsync<CommandTakenMessage>(), Is.EqualTo(new CommandTakenMessage("m1", "answer", resumed.Id, "t1", "r1")));
    }

    [Test]
    public async Task Answer_BackendAsksAgainInstead_HasTakenIt()
    {
        await using var host = await PipelineHost.StartAsync();
        await using var page = await TestClient.ConnectAsync(host.SocketAddress("ada"));
        using var http = host.CreateClient();
        await http.PublishAsync(EventJson("agent_started", Started));
        await http.PublishAsync(Ask("q1", "approval", "?"));
        await page.SendAsync(Answer("m1", "q1", "true"));
        Assert.That((await page.ReadAsync<AcceptedMessage>()).Taken, Is.False);

        var (_, again) = await http.PublishAsync(Ask("q1", "approval", "?"));

        Assert.That(again.Text("status"), Is.EqualTo("answered"));
        Assert.That((await page.ReadAsync<CommandTakenMessage>()).CommandId, Is.EqualTo(again.Text("id")));
    }

    [Test]
    public async Task Answer_ServerEndsBeforeItIsTaken_IsToldByTheNextOne()
    {
        var folder = Directory.CreateTempSubdirectory("netra-answers-");
        try
        {
            string? id;
            await using (var first = await StartAsync(folder))
            {
                using var http = first.CreateClient();
                await http.PublishAsync(EventJson("agent_started", Started));
                await http.PublishAsync(Ask("q1", "approval", "?"));
                id = (await AnswerAsync(http, "q1", "true")).Body.Text("id");
            }

            await using var second = await StartAsync(folder);
            using var reader = await CommandReaderClient.OpenAsync(second.Port);
            var command = await reader.ReadCommandAsync();
            Assert.That((command.Text("command"), command.Text("command_id")), Is.EqualTo(("answer", id)));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Test]
    public async Task Answer_RunEndsBeforeItIsTaken_IsWithdrawn()
    {
        await using var host = await PipelineHost.StartAsync();
        await using var page = await TestClient.ConnectAsync(host.SocketAddress("ada"));
        using var http = host.CreateClient();
        await http.PublishAsync(EventJson("agent_started", Started));
        await http.PublishAsync(Ask("q1", "approval", "?"));
        await AnswerAsync(http, "q1", "true");
        await http.PublishAsync(EventJson("agent_completed", Started));
        await http.PublishAsync(EventJson("agent_started", Started, runId: "r2"));
        await page.ReadEventsAsync(5);

        await page.SendAsync("""{"type":"cancel_run","id":"m2","thread_id":"t1","run_id":"r2"}""");

        using var reader = await CommandReaderClient.OpenAsync(host.Port);
        Assert.That((await reader.ReadCommandAsync()).Text("command"), Is.EqualTo("cancel_run"), "and not the answer");
    }

    private static Task<PipelineHost> StartAsync(DirectoryInfo folder) => PipelineHost.StartAsync(
        static builder => builder.UseEventLog<SqliteEventLog>(), [("Netra:DataDirectory", folder.FullName)]);
}

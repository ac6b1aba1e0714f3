using System.Net;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Netra.Pipeline.Commands;
using Netra.Pipeline.Protocol;
using Netra.Pipeline.Storage;
using Netra.Pipeline.Tests.Infrastructure;

namespace Netra.Pipeline.Tests.Commands;

/// <summary>Cancellations of runs that go on outside of the server's process.</summary>
[TestFixture]
[Parallelizable(ParallelScope.All)]
internal sealed class CancelCommandTests
{
    private static readonly string Started = PublishExtensions.EventJson("agent_started", """{"agent_name":"a"}""");
    private static readonly string Completed = PublishExtensions.EventJson("agent_completed", """{"agent_name":"a"}""");

    [TestCase(KindOfLog.Memory)]
    [TestCase(KindOfLog.Sqlite)]
    public async Task Cancel_RequestThatReadsCommands_GetsItBetweenReceiptsAndThePageSeesItTaken(object log)
    {
        await using var host = await PipelineHost.StartAsync(log: (KindOfLog)log);
        await using var client = await TestClient.ConnectAsync(host.SocketAddress("ada"));
        await using var other = await TestClient.ConnectAsync(host.SocketAddress("ada"));
        await using var lines = await PublishLines.OpenAsync(host, query: "?commands=1");
        await lines.SendAsync(Started);
        Assert.That((await lines.ReadAsync())!.Value.Seq(), Is.EqualTo(1));

        await CancelAsync(client, "m-5");
        await CancelAsync(client, "m-5");

        Assert.That(await client.ReadAsync<AcceptedMessage>(), Is.EqualTo(new AcceptedMessage("m-5", "r1")));
        Assert.That(await client.ReadAsync<AcceptedMessage>(), Is.EqualTo(new AcceptedMessage("m-5", "r1")), "the same again");
        var command = (await lines.ReadAsync())!.Value;
        Assert.That(
            (command.Text("command"), command.Text("user_id"), command.Text("thread_id"), command.Text("run_id"), command.Text("id")),
            Is.EqualTo(("cancel_run", "ada", "t1", "r1", "m-5")));
        var id = command.Text("command_id")!;
        var ack = $$"""{"command_ack":"{{id}}"}""";
        await lines.SendAsync($"{ack}\n{PublishExtensions.TokenJson()}\n{ack}");
        var answers = await lines.ReadAsync(3);
        Assert.That((answers[0].Text("status"), answers[0].Text("command_id")), Is.EqualTo(("acknowledged", id)));
        Assert.That(answers[1].Seq(), Is.EqualTo(2), "receipts stay in order, and the command came once");
        Assert.That(answers[2].Text("status"), Is.EqualTo("acknowledged"), "repeating it changes nothing");
        var taken = new CommandTakenMessage("m-5", "cancel_run", id, "t1", "r1");
        Assert.That(await client.ReadAsync<CommandTakenMessage>(), Is.EqualTo(taken));
        Assert.That(await other.ReadAsync<CommandTakenMessage>(), Is.EqualTo(taken));

        await CancelAsync(client, "m-5");
        Assert.That(await client.ReadAsync<AcceptedMessage>(), Is.EqualTo(new AcceptedMessage("m-5", "r1", Taken: true)));
        await lines.SendAsync(Completed);
        Assert.That((await lines.ReadAsync())!.Value.Seq(), Is.EqualTo(3));
        await CancelAsync(client, "m-6");
        var error = await client.ReadAsync<ErrorMessage>();
        Assert.That((error.Code, error.Id), Is.EqualTo(("run_ended", "m-6")));
    }

    [Test]
    public async Task Cancel_RequestWithoutCommands_GetsReceiptsAloneAndTheReaderGetsIt()
    {
        await using var host = await PipelineHost.StartAsync();
        await using var client = await TestClient.ConnectAsync(host.SocketAddress("ada"));
        await using var lines = await PublishLines.OpenAsync(host);
        await lines.SendAsync(Started);
        Assert.That((await lines.ReadAsync())!.Value.Seq(), Is.EqualTo(1));
        await CancelAsync(client, "m-1");
        Assert.That((await client.ReadAsync<AcceptedMessage>()).Taken, Is.False);

        using var reader = await CommandReaderClient.OpenAsync(host.Port);

        var command = await reader.ReadCommandAsync();
        using var http = host.CreateClient();
        var (response, body) = await AcknowledgeAsync(http, command.Text("command_id")!);
        Assert.That((response.StatusCode, body.Text("status")), Is.EqualTo((HttpStatusCode.OK, "acknowledged")));
        Assert.That((await AcknowledgeAsync(http, command.Text("command_id")!)).Response.StatusCode, Is.EqualTo(HttpStatusCode.OK));
        (await AcknowledgeAsync(http, "k-nothing")).ShouldBe(HttpStatusCode.NotFound, "command_unknown");
        await lines.SendAsync(Completed);
        Assert.That((await lines.CompleteAsync()).Select(static answer => answer.Seq()), Is.EqualTo(new[] { 2L }));
    }

    [Test]
    public async Task Lease_NotAcknowledgedOrReaderGone_PassesOnWithTheSameBytes()
    {
        var time = new TestTimeProvider();
        await using var host = await PipelineHost.StartAsync(settings: [("Netra:Connections:PingInterval", "00:10:00")], time: time);
        await using var client = await TestClient.ConnectAsync(host.SocketAddress("ada"));
        await PublishAsync(host, Started);
        var first = await CommandReaderClient.OpenAsync(host.Port);
        await CancelAsync(client, "m-1");
        var line = await first.ReadAsync();
        using var second = await CommandReaderClient.OpenAsync(host.Port);

        await host.StepAsync(time, 16);

        Assert.That(await second.ReadAsync(), Is.EqualTo(line), "its lease is over, and there is another reader");
        second.Dispose();
        Assert.That(await first.ReadAsync(), Is.EqualTo(line), "its reader is gone");
        first.Dispose();
        using var third = await CommandReaderClient.OpenAsync(host.Port);
        Assert.That(await third.ReadAsync(), Is.EqualTo(line));
    }

    [Test]
    public async Task Cancel_BackendAwayForTooLong_IsSaidOnceAsAnEventOfTheRun()
    {
        var time = new TestTimeProvider();
        await using var host = await PipelineHost.StartAsync(settings: [("Netra:Connections:PingInterval", "00:10:00")], time: time);
        await using var client = await TestClient.ConnectAsync(host.SocketAddress("ada"));
        await PublishAsync(host, Started);
        await client.ReadAsync<EventMessage>();
        await client.AckAsync(1);
        await CancelAsync(client, "m-1");
        await client.ReadAsync<AcceptedMessage>();

        var reading = ReadEventAsync(client, EventType.CommandExpired);
        await host.StepAsync(time, 32);
        while (!reading.IsCompleted)
        {
            // The round that sees it may come a moment late.
            await host.StepAsync(time, 1);
        }

        var expired = await reading;
        Assert.That((expired.ThreadId, expired.RunId), Is.EqualTo(("t1", "r1")));
        Assert.That(
            (expired.Data.Text("command"), expired.Data.Text("id"), expired.Data.Text("run_id")), Is.EqualTo(("cancel_run", "m-1", "r1")));
        Assert.That(expired.Data.Text("message"), Does.Contain("the run goes on"));
        using var http = host.CreateClient();
        (await AcknowledgeAsync(http, expired.Data.Text("command_id")!)).ShouldBe(HttpStatusCode.NotFound, "command_unknown");
        await CancelAsync(client, "m-2");
        Assert.That(await client.ReadAsync<AcceptedMessage>(), Is.EqualTo(new AcceptedMessage("m-2", "r1")), "another one may be asked");
        Assert.That(Metrics(host).UntakenOf(CommandKind.CancelRun), Is.EqualTo(1));
    }

    [Test]
    public async Task Cancel_RunEndsMeanwhile_IsWithdrawnAndNothingFollowsTheEnd()
    {
        var time = new TestTimeProvider();
        await using var host = await PipelineHost.StartAsync(settings: [("Netra:Connections:PingInterval", "00:10:00")], time: time);
        await using var client = await TestClient.ConnectAsync(host.SocketAddress("ada"));
        await PublishAsync(host, Started);
        await CancelAsync(client, "m-1");
        await client.ReadAsync<AcceptedMessage>();

        await PublishAsync(host, Completed);

        Assert.That(Metrics(host).UntakenOf(CommandKind.CancelRun), Is.Zero);
        Assert.That((await client.ReadAsync<EventMessage>()).EventType, Is.EqualTo(EventType.AgentCompleted));
        await client.AckAsync(2);
        await host.StepAsync(time, 32);
        await Eventually.BecomesTrueAsync(
            async () => (await Log(host).ReadUntakenAsync(CancellationToken.None)).Count == 0, "the log has forgotten it");
        using var http = host.CreateClient();
        await http.PublishAsync(PublishExtensions.EventJson("agent_started", """{"agent_name":"a"}""", runId: "r2"));
        Assert.That((await client.ReadAsync<EventMessage>()).RunId, Is.EqualTo("r2"));
    }

    [Test]
    public async Task Cancel_RunOfTheProcess_IsTheHandlers()
    {
        await using var host = await PipelineHost.StartAsync();
        await using var client = await TestClient.ConnectAsync(host.SocketAddress("ada"));
        await using var emitter = await host.EmitterOfAsync("ada");
        await emitter.AgentStartedAsync("a");

        await CancelAsync(client, "m-1");

        Assert.That((await client.ReadAsync<ErrorMessage>()).Code, Is.EqualTo("handler_missing"));
    }

    [Test]
    public async Task Cancel_MoreThanMayWait_IsRejectedWithTheOption()
    {
        await using var host = await PipelineHost.StartAsync(settings: [("Netra:Commands:MaxWaiting", "1")]);
        await using var client = await TestClient.ConnectAsync(host.SocketAddress("ada"));
        await PublishAsync(host, Started);
        await PublishAsync(host, PublishExtensions.EventJson("agent_started", """{"agent_name":"a"}""", runId: "r2"));
        await CancelAsync(client, "m-1");
        await client.ReadAsync<AcceptedMessage>();

        await CancelAsync(client, "m-2", "r2");

        var error = await client.ReadAsync<ErrorMessage>();
        Assert.That((error.Code, error.Id), Is.EqualTo(("message_rejected", "m-2")));
        Assert.That(error.Message, Does.Contain("Netra:Commands:MaxWaiting"));
    }

    [TestCase("?commands=2", "commands")]
    [TestCase("?commands=1&commands=1", "commands")]
    [TestCase("?subscribe=chat_message", "subscribe")]
    [TestCase("?commands=1&subscribe=all", "subscribe")]
    public async Task Query_NotAsItMustBe_IsRefused(string query, string member)
    {
        await using var host = await PipelineHost.StartAsync();
        using var http = host.CreateClient();
        using var content = new StringContent(Started, Encoding.UTF8, "application/x-ndjson");

        using var response = await http.PostAsync("/v1/events" + query, content);

        Assert.That(response.StatusCode, Is.EqualTo(HttpStatusCode.BadRequest));
        Assert.That(await response.Content.ReadAsStringAsync(), Does.Contain($"'{member}'"));
    }

    [Test]
    public async Task Readers_ServerStops_EndProperly()
    {
        var host = await PipelineHost.StartAsync();
        using var reader = await CommandReaderClient.OpenAsync(host.Port);

        var stopping = host.DisposeAsync();

        Assert.That(await reader.ReadAsync(), Is.Null);
        await stopping;
    }

    private static CommandMetrics Metrics(PipelineHost host) => host.Services.GetRequiredService<CommandMetrics>();

    private static ICommandStore Log(PipelineHost host) => host.Services.GetRequiredService<IEventLog>().Commands;

    private static async Task PublishAsync(PipelineHost host, string json)
    {
        using var http = host.CreateClient();
        await http.PublishAsync(json);
    }

    private static async Task<EventMessage> ReadEventAsync(TestClient client, EventType type)
    {
        while (true)
        {
            if (await client.ReadAsync<EventMessage>() is { } message && message.EventType == type)
            {
                return message;
            }
        }
    }

    private static Task CancelAsync(TestClient client, string id, string runId = "r1")
        => client.SendAsync($$"""{"type":"cancel_run","id":"{{id}}","thread_id":"t1","run_id":"{{runId}}"}""");

    private static async Task<(HttpResponseMessage Response, JsonElement Body)> AcknowledgeAsync(HttpClient http, string commandId)
    {
        using var content = new StringContent($$"""{"command_ack":"{{commandId}}"}""", Encoding.UTF8, "application/json");
        var response = await http.PostAsync("/v1/commands/ack", content);
        return (response, JsonElement.Parse(await response.Content.ReadAsByteArrayAsync()));
    }
}

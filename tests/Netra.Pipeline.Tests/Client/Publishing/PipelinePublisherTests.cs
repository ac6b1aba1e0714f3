using System.Collections.Concurrent;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging;
using Netra.Pipeline.Client;
using Netra.Pipeline.Client.Publishing;
using Netra.Pipeline.Protocol;
using Netra.Pipeline.Tests.Infrastructure;
using Netra.Pipeline.Tests.Security;

namespace Netra.Pipeline.Tests.Client.Publishing;

/// <summary>The publisher on the real server: receipts, broken connections, commands, room, leases and refusals.</summary>
[TestFixture]
[Parallelizable(ParallelScope.All)]
internal sealed class PipelinePublisherTests
{
    [Test]
    public async Task Run_FromBeginToEnd_ComesToThePageAsItWasPublished()
    {
        await using var host = await PipelineHost.StartAsync();
        await using var page = new RecordingClient(host.HttpAddress);
        await page.WhenConnectedAsync();
        await using var publisher = new PipelinePublisher(OptionsOf(host.HttpAddress));
        await using (var run = publisher.Run("ada", "t1", "r1"))
        {
            Assert.That((await run.StartedAsync("writer")).Status, Is.EqualTo(PublishStatus.Queued));
            await run.ThinkingAsync("What is asked?");
            await run.ToolExecutingAsync("search", "c1", new JsonObject { ["q"] = "docs" });
            await run.ToolCompletedAsync("search", "c1", JsonValue.Create(3), TimeSpan.FromMilliseconds(12));
            await run.ToolExecutingAsync("open", "c2");
            await run.ToolFailedAsync("open", new EventError("denied", "No."), "c2");
            await run.ThinkingDeltaAsync("Hm", "th1");
            await run.CustomAsync("mood", JsonValue.Create("good"));
            await run.TokenAsync("Hel");
            await run.TokenAsync("lo");
            Assert.That((await run.HeartbeatAsync()).Lease, Is.EqualTo(TimeSpan.FromSeconds(60)));
            var end = await run.CompletedAsync();
            Assert.That(end.Seq, Is.EqualTo(11));
        }

        await page.WhenAsync(() => page.Numbers.Count == 11, "the run is there");
        Assert.That(page.Handled.OfType<ToolCompleted>().Select(static tool => tool.Status), Is.EqualTo(new[] { "ok", "failed" }));
        Assert.That(page.Handled.OfType<ToolCompleted>().Last().Error, Is.EqualTo(new EventError("denied", "No.")));
        Assert.That(string.Concat(page.Handled.OfType<Token>().Select(static token => token.Delta)), Is.EqualTo("Hello"));
        Assert.That(page.Handled[^1], Is.TypeOf<AgentCompleted>());
        Assert.That(page.Incomplete, Is.Empty);
        Assert.That(publisher.Waiting, Is.Zero);
    }

    [Test]
    public async Task Connections_CutAndStalled_MakeOneEventOfEachInOrder()
    {
        await using var host = await PipelineHost.StartAsync(log: KindOfLog.Sqlite);
        await using var relay = new RudeRelay(host.Port, pieceBytes: 500);
        await using var page = new RecordingClient(host.HttpAddress);
        await using var publisher = new PipelinePublisher(
            OptionsOf(relay.Address) with { MaxWaitingEvents = 50, AnswerTimeout = TimeSpan.FromSeconds(1) });
        var receipts = new List<Task<PublishReceipt>>();
        await using var run = publisher.Run("ada", "t1", "r1");
        await run.StartedAsync("writer", lease: TimeSpan.FromSeconds(1));
        for (var i = 0; i < 400; i++)
        {
            receipts.Add(await run.TokenAsync($"{i} "));
            if (i % 100 == 50)
            {
                relay.Cut();
            }
            else if (i == 300)
            {
                relay.Stall();
            }
        }

        var all = await Task.WhenAll(receipts).WaitAsync(TestClient.Patience);
        await run.CompletedAsync();
        await page.WhenAsync(() => page.Numbers.Count >= 402, "all of it is there");

        Assert.That(all.Select(static receipt => receipt.Seq), Is.EqualTo(Enumerable.Range(2, 400)));
        Assert.That(page.Numbers, Is.EqualTo(Enumerable.Range(1, 402)));
        Assert.That(
            string.Concat(page.Handled.OfType<Token>().Select(static token => token.Delta)),
            Is.EqualTo(string.Concat(Enumerable.Range(0, 400).Select(static i => $"{i} "))));
        Assert.That(relay.Total, Is.GreaterThan(4));
    }

    [Test]
    public async Task Server_KilledInMidRun_HasEachEventOnceAfterItsRestart()
    {
        await using var folder = new ServerFolder();
        var port = FreePort.Find();
        string[] arguments = [folder.Argument, $"--urls=http://127.0.0.1:{port}"];
        await using var publisher = new PipelinePublisher(OptionsOf(new Uri($"http://127.0.0.1:{port}")));
        await using var run = publisher.Run("ada", "t1", "r1");
        var receipts = new List<Task<PublishReceipt>>();
        for (var life = 0; life < 2; life++)
        {
            await using var server = ServerProcess.Start("Development", arguments);
            await server.WhenReadyAsync();
            if (life == 0)
            {
                await run.StartedAsync("writer", lease: TimeSpan.FromSeconds(30));
            }

            for (var i = 0; i < 200; i++)
            {
                receipts.Add(await run.TokenAsync($"{life}.{i} "));
            }

            await receipts[life * 200];
        }

        await using var last = ServerProcess.Start("Development", arguments);
        await last.WhenReadyAsync();
        await Task.WhenAll(receipts).WaitAsync(TestClient.Patience);
        var end = await run.CompletedAsync();

        await using var page = new RecordingClient(new Uri($"http://127.0.0.1:{port}"), configure: static o => o with { JoinText = false });
        await page.WhenAsync(() => page.Handled.OfType<AgentCompleted>().Any(), "the run is read");
        Assert.That(
            page.Handled.OfType<Token>().Select(static token => token.Delta),
            Is.EqualTo(Enumerable.Range(0, 2).SelectMany(static life => Enumerable.Range(0, 200).Select(i => $"{life}.{i} "))));
        Assert.That(page.Handled.Count, Is.EqualTo(402));
        Assert.That(page.Handled[^1].Seq, Is.EqualTo(end.Seq));
    }

    [Test]
    public async Task Commands_OfPages_ComeToTheRunAndToTheHandler()
    {
        var commands = new ConcurrentQueue<PublisherCommand>();
        await using var host = await PipelineHost.StartAsync();
        await using var page = new RecordingClient(host.HttpAddress);
        await page.WhenConnectedAsync();
        await using var publisher = new PipelinePublisher(OptionsOf(host.HttpAddress) with
        {
            SubscribeToMessages = true,
            CommandHandler = (command, _) =>
            {
                commands.Enqueue(command);
                return ValueTask.CompletedTask;
            },
        });
        await using var run = publisher.Run("ada", "t1", "r1");
        await run.StartedAsync("writer");

        var asking = run.AskAsync("q1", RequestKind.Choice, "Which one?", ["red", "green"]);
        await page.WhenAsync(() => page.Handled.OfType<RunWaiting>().Any(), "the question is shown");
        var question = page.Handled.OfType<RunWaiting>().Single();
        Assert.That((question.Kind, question.Prompt), Is.EqualTo((RequestKind.Choice, "Which one?")));
        Assert.That(question.Options, Is.EqualTo(new[] { "red", "green" }));
        await page.Client.AnswerAsync(question, JsonElement.Parse("\"green\""));
        var answer = await asking.WaitAsync(TestClient.Patience);
        Assert.That((answer.Value.GetString(), answer.By), Is.EqualTo(("green", "ada")));
        Assert.That((await run.AskAsync("q1", RequestKind.Choice, "Which one?", ["red", "green"])).Value.GetString(), Is.EqualTo("green"));

        await page.Client.SendMessageAsync("t1", "hurry");
        var taken = await page.Client.CancelRunAsync("t1", "r1");
        Assert.That(taken.RunId, Is.EqualTo("r1"));
        await Eventually.BecomesTrueAsync(() => run.Cancelled.IsCancellationRequested, "the run hears of it");
        await run.CancelledAsync("as the user wants");

        await page.WhenAsync(() => page.Handled[^1] is AgentCancelled { Reason: "as the user wants" }, "it is over");
        await Eventually.BecomesTrueAsync(() => commands.Count == 3, "the handler has them");
        Assert.That(
            commands.Select(static command => command.GetType()),
            Is.EquivalentTo(new[] { typeof(AnswerCommand), typeof(ChatMessageCommand), typeof(CancelRunCommand) }));
    }

    [Test]
    public async Task Room_ThatIsNotThere_IsWaitedFor()
    {
        await using var host = await PipelineHost.StartAsync();
        await using var relay = new RudeRelay(host.Port);
        await using var publisher = new PipelinePublisher(OptionsOf(relay.Address) with { MaxWaitingEvents = 2 });
        await using var run = publisher.Run("ada", "t1", "r1");
        await run.StartedAsync("writer");
        relay.Stall();
        var first = await run.TokenAsync("1");
        var second = await run.TokenAsync("2");

        var third = run.TokenAsync("3").AsTask();
        Assert.That(third.IsCompleted, Is.False);
        Assert.That(publisher.Waiting, Is.EqualTo(2));
        using var impatient = new CancellationTokenSource();
        var fourth = run.TokenAsync("4", impatient.Token).AsTask();
        await impatient.CancelAsync();
        Assert.That(async () => await fourth, Throws.InstanceOf<OperationCanceledException>());
        relay.Cut();

        Assert.That((await first.WaitAsync(TestClient.Patience)).Seq, Is.EqualTo(2));
        Assert.That((await second).Seq, Is.EqualTo(3));
        Assert.That((await await third).Seq, Is.EqualTo(4));
    }

    [Test]
    public async Task Event_ThatIsRefused_FailsWithTheServersWordsAndTheOthersGoOn()
    {
        var told = new ConcurrentQueue<string>();
        await using var host = await PipelineHost.StartAsync();
        await using var publisher = new PipelinePublisher(
            OptionsOf(host.HttpAddress) with { Rejected = rejection => told.Enqueue(rejection.Code) });

        var wrong = publisher.PublishAsync(new PublishEvent("ada", "t1", "r1", "token", new JsonObject { ["delta"] = 7 }));
        var right = publisher.PublishAsync(new PublishEvent("ada", "t1", "r1", "token", new JsonObject { ["delta"] = "x" }));

        Assert.That(async () => await wrong, Throws.TypeOf<PublishRejectedException>().With.Property("Code").EqualTo("invalid_event"));
        Assert.That((await right).Seq, Is.EqualTo(1));
        Assert.That(told, Is.EqualTo(new[] { "invalid_event" }));
    }

    [Test]
    public async Task Run_LeftWithoutAnEnd_EndsAsFailed()
    {
        await using var host = await PipelineHost.StartAsync();
        await using var page = new RecordingClient(host.HttpAddress);
        await using var publisher = new PipelinePublisher(OptionsOf(host.HttpAddress));
        await using (var run = publisher.Run("ada", "t1", "r1"))
        {
            await run.StartedAsync("writer");
            Assert.That(() => publisher.Run("ada", "t1", "r1"), Throws.InvalidOperationException, "there is one of that name");
        }

        await page.WhenAsync(() => page.Handled.Count == 2, "the run is over");
        Assert.That(((AgentFailed)page.Handled[1]).Error.Code, Is.EqualTo("run_abandoned"));
    }

    [Test]
    public async Task Run_WhoseEndIsRefusedOrNotTaken_EndsAsFailedWhenItIsLeft()
    {
        await using var host = await PipelineHost.StartAsync();
        await using var page = new RecordingClient(host.HttpAddress);
        await using var publisher = new PipelinePublisher(OptionsOf(host.HttpAddress) with { MaxWaitingBytes = 1024 * 1024 });
        var tooLong = new JsonObject { ["text"] = new string('x', 300 * 1024) };
        await using (var refused = publisher.Run("ada", "t1", "r1"))
        {
            await refused.StartedAsync("writer");
            Assert.That(
                async () => await refused.CompletedAsync(tooLong),
                Throws.TypeOf<PublishRejectedException>().With.Property("Code").EqualTo("event_too_large"));
        }

        await using (var untaken = publisher.Run("ada", "t1", "r2"))
        {
            await untaken.StartedAsync("writer");
            var never = new JsonObject { ["text"] = new string('x', 1024 * 1024) };
            Assert.That(async () => await untaken.CompletedAsync(never), Throws.ArgumentException);
        }

        await page.WhenAsync(() => page.Handled.OfType<AgentFailed>().Count() == 2, "both are over");
        Assert.That(page.Handled.OfType<AgentFailed>().Select(static failed => failed.Error.Code), Is.All.EqualTo("run_abandoned"));
    }

    [Test]
    public async Task Run_LeftBeforeItIsKnownWhetherItHasBegun_EndsAsFailedWhenItHas()
    {
        await using var host = await PipelineHost.StartAsync();
        await using var relay = new RudeRelay(host.Port);
        await using var page = new RecordingClient(host.HttpAddress);
        await using (var publisher = new PipelinePublisher(OptionsOf(relay.Address)))
        {
            await using (var before = publisher.Run("ada", "t0", "r0"))
            {
                await before.StartedAsync("writer");
                await before.CompletedAsync();
            }

            relay.Stall();
            using var impatient = new CancellationTokenSource();
            await using (var run = publisher.Run("ada", "t1", "r1"))
            {
                var starting = run.StartedAsync("writer", cancellationToken: impatient.Token);
                await impatient.CancelAsync();
                Assert.That(async () => await starting, Throws.InstanceOf<OperationCanceledException>());
            }

            relay.Cut();
        }

        await page.WhenAsync(() => page.Handled.OfType<AgentFailed>().Any(), "it is over");
        Assert.That(page.Handled.Select(static one => one.RunId), Is.EqualTo(new[] { "r0", "r0", "r1", "r1" }));
        Assert.That(page.Handled.OfType<AgentFailed>().Single().Error.Code, Is.EqualTo("run_abandoned"));
    }

    [Test]
    public async Task Question_ThatNobodyCanAnswerAnyMore_IsNotWaitedFor()
    {
        await using var host = await PipelineHost.StartAsync();
        await using var page = new RecordingClient(host.HttpAddress);
        await using var other = new PipelinePublisher(OptionsOf(host.HttpAddress));
        await using var publisher = new PipelinePublisher(OptionsOf(host.HttpAddress));
        await using var ended = publisher.Run("ada", "t1", "r1");
        var left = publisher.Run("ada", "t1", "r2");
        await ended.StartedAsync("writer");
        await left.StartedAsync("writer");
        var first = ended.AskAsync("q1", RequestKind.Approval, "Delete the draft?");
        var second = left.AskAsync("q1", RequestKind.Approval, "Delete the draft?");
        await page.WhenAsync(() => page.Handled.OfType<RunWaiting>().Count() == 2, "the questions are shown");

        var end = new JsonObject { ["agent_name"] = "writer" };
        await other.PublishAsync(new PublishEvent("ada", "t1", "r1", "agent_completed", end));
        var refused = await ended.TokenAsync("late");
        Assert.That(async () => await refused, Throws.TypeOf<PublishRejectedException>());
        Assert.That(
            async () => await first.WaitAsync(TestClient.Patience),
            Throws.TypeOf<PublishRejectedException>().With.Property("Code").EqualTo("run_ended"));

        await publisher.DisposeAsync();
        Assert.That(
            async () => await second.WaitAsync(TestClient.Patience),
            Throws.TypeOf<PublisherException>().With.Property("Reason").EqualTo(PublisherFailure.Closed));
    }

    [Test]
    public async Task Credential_ThatIsNotTaken_EndsThePublisherAndFailsWhatWaits()
    {
        using var issuer = TokenIssuer.Rsa();
        await using var host = await SecureClient.StartAsync(issuer.Settings());
        await using var reader = new PipelinePublisher(
            OptionsOf(host.HttpAddress) with { GetToken = _ => ValueTask.FromResult(issuer.Good("backend")) });
        await using var stranger = new PipelinePublisher(
            OptionsOf(host.HttpAddress) with { GetToken = static _ => ValueTask.FromResult("no-token") });
        await using var publisher = new PipelinePublisher(
            OptionsOf(host.HttpAddress) with { GetToken = _ => ValueTask.FromResult(issuer.Good("backend", ["netra.publish"])) });
        var one = new PublishEvent("ada", "t1", "r1", "token", new JsonObject { ["delta"] = "x" });

        Assert.That(
            async () => await reader.PublishAsync(one),
            Throws.TypeOf<PublisherException>().With.Property("Reason").EqualTo(PublisherFailure.Forbidden));
        Assert.That(
            async () => await stranger.PublishAsync(one),
            Throws.TypeOf<PublisherException>().With.Property("Reason").EqualTo(PublisherFailure.Unauthorized));
        Assert.That(async () => await stranger.PublishAsync(one), Throws.TypeOf<PublisherException>(), "and takes no more");
        Assert.That((await publisher.PublishAsync(one)).Seq, Is.EqualTo(1));
    }

    [Test]
    public async Task Server_ThatDrains_TakesNewRunsWhenItGoesOn()
    {
        await using var host = await PipelineHost.StartAsync();
        using var http = host.CreateClient();
        using var logs = new CapturingLoggerProvider();
        using var factory = new LoggerFactory([logs]);
        await using var publisher = new PipelinePublisher(OptionsOf(host.HttpAddress), factory);
        using (var drain = await http.PostAsync("/monitoring/websocket/drain", Json("""{"reason":"a new version","author":"ops"}""")))
        {
            drain.EnsureSuccessStatusCode();
        }

        await using var run = publisher.Run("ada", "t1", "r1");
        var starting = run.StartedAsync("writer");
        await Eventually.BecomesTrueAsync(
            () => logs.Logs.Any(static log => log.Message.Contains("draining", StringComparison.Ordinal)), "it is refused for now");
        Assert.That(starting.IsCompleted, Is.False);
        (await http.DeleteAsync("/monitoring/websocket/drain")).EnsureSuccessStatusCode();

        Assert.That((await starting.WaitAsync(TestClient.Patience)).Seq, Is.EqualTo(1));
        await run.CompletedAsync();
    }

    private static StringContent Json(string text) => new(text, System.Text.Encoding.UTF8, "application/json");

    private static PublisherOptions OptionsOf(Uri address) => new()
    {
        Address = address,
        FirstPause = TimeSpan.FromMilliseconds(20),
        LongestPause = TimeSpan.FromMilliseconds(500),
    };
}

using System.Net;
using System.Runtime.CompilerServices;
using Microsoft.Extensions.DependencyInjection;
using Netra.Pipeline.Agents;
using Netra.Pipeline.Delivery;
using Netra.Pipeline.Emission;
using Netra.Pipeline.Failures;
using Netra.Pipeline.Protocol;
using Netra.Pipeline.Storage;
using Netra.Pipeline.Tests.Infrastructure;
using static Netra.Pipeline.Tests.Infrastructure.PublishExtensions;

namespace Netra.Pipeline.Tests.Functional;

/// <summary>Where the log is full, or cannot store for a while, whoever emits waits for it, and is refused only when that lasts.</summary>
[TestFixture]
[Parallelizable(ParallelScope.All)]
internal sealed class BackPressureTests
{
    private static readonly (string Key, string Value)[] ShortWait = [("Netra:Emission:RoomTimeout", "00:00:00.300")];

    [TestCase(100_000, 3_000)]
    [TestCase(64, 50)]
    public async Task Burst_HundredEmittersAtFullSpeed_LosesNothingAndRefusesNothing(int queueEntries, int events)
    {
        await using var busy = await BusyLogHost.StartAsync(queueEntries);
        var host = busy.Pipeline;

        await Task.WhenAll(Enumerable.Range(0, 100).Select(user => Task.Run(async () =>
        {
            await using var emitter = await host.EmitterOfAsync($"user-{user}");
            var last = default(EventReceipt);
            for (var i = 1; i <= events; i++)
            {
                last = await emitter.TokenAsync("some words, as fast as they come");
                Assert.That(last.Seq, Is.EqualTo(i));
            }

            await last.WhenStoredAsync();
        })));

        Assert.That(host.Failures.Latest(10), Is.Empty);
        Assert.That(host.Services.GetRequiredService<EmissionWaits>().Count, Is.Zero);
    }

    [Test]
    public async Task Emit_LogFull_WaitsInOrderAlsoWhereNobodyAwaits()
    {
        await using var busy = await BusyLogHost.StartAsync();
        var host = busy.Pipeline;
        await using var emitter = await host.EmitterOfAsync("ada");
        await using var page = await TestClient.ConnectAsync(host.SocketAddress("ada"));
        busy.Hold();

        var receipts = Enumerable.Range(1, 500).Select(i => emitter.TokenAsync($"{i}").AsTask()).ToList();

        Assert.That(receipts[0].IsCompleted, Is.True);
        Assert.That(receipts[^1].IsCompleted, Is.False);
        Assert.That(
            host.Services.GetRequiredService<EmissionWaits>().Count, Is.EqualTo(receipts.Count(static receipt => !receipt.IsCompleted)));
        busy.Release();
        var accepted = await Task.WhenAll(receipts).WaitAsync(TestClient.Patience);
        Assert.That(
            accepted.Select(static receipt => receipt.AssignedSeq), Is.EqualTo(Enumerable.Range(1, 500).Select(static i => (long)i)));
        Assert.That(
            (await page.ReadEventsAsync(500)).Select(static e => e.Data.GetProperty("delta").GetString()),
            Is.EqualTo(Enumerable.Range(1, 500).Select(static i => $"{i}")));
        Assert.That(host.Failures.Latest(10), Is.Empty);
    }

    [Test]
    public async Task Emit_NoRoomInTime_IsRefusedAndNumbersNothing()
    {
        await using var busy = await BusyLogHost.StartAsync(settings: ShortWait);
        await using var emitter = await busy.Pipeline.EmitterOfAsync("ada");
        await using var patient = await busy.Pipeline.EmitterOfAsync(
            "ada", runId: "r2", options: new EmitterOptions { RoomTimeout = TimeSpan.FromMinutes(1) });
        busy.Hold();
        var (taken, waiting) = await EmitUntilWaitingAsync(emitter);

        var raised = Assert.ThrowsAsync<SendFailureException>(async () => await waiting.WaitAsync(TestClient.Patience))!;

        Assert.That((raised.Code, raised.Accepted), Is.EqualTo((FailureCode.LogFull, false)));
        Assert.That(raised.Message, Does.Contain("within 0.3 s (Netra:Emission:RoomTimeout)").And.Contain("64 events"));
        busy.Release();
        Assert.That((await patient.TokenAsync("next")).Seq, Is.EqualTo(taken + 1));
    }

    [Test]
    public async Task Emit_WishNotToWait_IsRefusedAtOnce()
    {
        await using var busy = await BusyLogHost.StartAsync();
        await using var emitter = await busy.Pipeline.EmitterOfAsync("ada", options: new EmitterOptions { RoomTimeout = TimeSpan.Zero });
        busy.Hold();

        Assert.That(
            () =>
            {
                for (var i = 0; i < 1_000; i++)
                {
                    // Thrown before it returns.
                    _ = emitter.TokenAsync("x").AsTask();
                }
            },
            Throws.TypeOf<SendFailureException>().With.Property("Code").EqualTo(FailureCode.LogFull));
        Assert.That(busy.Pipeline.Services.GetRequiredService<EmissionWaits>().Refused.Total, Is.Zero, "a wish says nothing about load");
    }

    [Test]
    public async Task Emit_Cancelled_LeavesTheLineToTheOthers()
    {
        await using var busy = await BusyLogHost.StartAsync();
        await using var emitter = await busy.Pipeline.EmitterOfAsync("ada");
        await using var other = await busy.Pipeline.EmitterOfAsync("bob");
        busy.Hold();
        var (taken, first) = await EmitUntilWaitingAsync(emitter);
        using var giveUp = new CancellationTokenSource();
        var cancelled = emitter.TokenAsync("never mind", giveUp.Token).AsTask();
        var (third, bobs) = (emitter.TokenAsync("third").AsTask(), other.TokenAsync("bob's").AsTask());

        await giveUp.CancelAsync();

        Assert.That(async () => await cancelled, Throws.InstanceOf<OperationCanceledException>());
        busy.Release();
        var receipts = await Task.WhenAll(first, third, bobs).WaitAsync(TestClient.Patience);
        Assert.That(receipts.Select(static receipt => receipt.AssignedSeq), Is.EqualTo(new[] { taken + 1, taken + 2, 1 }));
    }

    [Test]
    public async Task Emit_TooManyWait_OneMoreIsRefusedAtOnce()
    {
        await using var busy = await BusyLogHost.StartAsync(settings: [("Netra:Emission:WaitingBytes", "65536")]);
        await using var emitter = await busy.Pipeline.EmitterOfAsync("ada");
        busy.Hold();

        var emitted = Enumerable.Range(0, 200).Select(_ => emitter.TokenAsync("x").AsTask()).ToList();

        var refused = emitted.Where(static task => task.IsFaulted).ToList();
        Assert.That(refused, Has.Count.InRange(50, 120));
        Assert.That(refused[0].Exception!.InnerException!.Message, Does.Contain("Netra:Emission:WaitingBytes"));
        busy.Release();
        await Task.WhenAll(emitted.Except(refused)).WaitAsync(TestClient.Patience);
    }

    [Test]
    public async Task Emit_LogInTrouble_WaitsUntilItIsOver()
    {
        await using var busy = await BusyLogHost.StartAsync(isPatient: false);
        var (host, log) = (busy.Pipeline, busy.Pipeline.Services.GetRequiredService<IEventLog>());
        await using var emitter = await host.EmitterOfAsync("ada");
        busy.Hold();
        await emitter.AgentStartedAsync("demo");
        await Eventually.BecomesTrueAsync(() => log.Trouble is not null, "the log is in trouble");

        var waiting = emitter.TokenAsync("in trouble").AsTask();

        Assert.That(waiting.IsCompleted, Is.False);
        busy.Release();
        Assert.That((await waiting.WaitAsync(TestClient.Patience)).Seq, Is.EqualTo(2));
    }

    [Test]
    public async Task Emit_TroubleThatLasts_IsRefusedAsFailed()
    {
        await using var busy = await BusyLogHost.StartAsync(isPatient: false, settings: ShortWait);
        var (host, log) = (busy.Pipeline, busy.Pipeline.Services.GetRequiredService<IEventLog>());
        await using var emitter = await host.EmitterOfAsync("ada");
        busy.Hold();
        await emitter.AgentStartedAsync("demo");
        await Eventually.BecomesTrueAsync(() => log.Trouble is not null, "the log is in trouble");

        var raised = Assert.ThrowsAsync<SendFailureException>(
            async () => await emitter.TokenAsync("in trouble").AsTask().WaitAsync(TestClient.Patience))!;

        Assert.That((raised.Code, raised.Accepted), Is.EqualTo((FailureCode.LogFailed, false)));
    }

    [Test]
    public async Task Stop_EmissionsWait_EndPromptlyAndSayWhy([Values] bool isPatient)
    {
        await using var busy = await BusyLogHost.StartAsync(
            isPatient: isPatient, settings: [("Netra:Hosting:DrainTimeout", "00:00:00.100")]);
        var host = busy.Pipeline;
        await using var emitter = await host.EmitterOfAsync("ada");
        using var http = host.CreateClient();
        busy.Hold();
        var (_, waiting) = await EmitUntilWaitingAsync(emitter);
        var post = http.PublishAsync(TokenJson());
        await Eventually.BecomesTrueAsync(() => host.Services.GetRequiredService<EmissionWaits>().Count == 2, "the publisher waits too");

        var stopping = host.StopAsync();

        var raised = Assert.CatchAsync<PipelineException>(async () => await waiting.WaitAsync(TestClient.Patience))!;
        Assert.That(raised.Code, Is.AnyOf(FailureCode.Draining, FailureCode.NotInitialized));
        (await post.WaitAsync(TestClient.Patience)).ShouldBe(HttpStatusCode.ServiceUnavailable, "draining");
        busy.Release();
        await stopping.WaitAsync(TestClient.Patience);
    }

    [Test]
    public async Task Emit_WaitsLongerThanTheLease_IsNotCalledQuiet()
    {
        await using var busy = await BusyLogHost.StartAsync(
            settings: [("Netra:Monitoring:Enabled", "true"), ("Netra:Monitoring:RunLease", "00:00:03")]);
        var host = busy.Pipeline;
        await using var emitter = await host.EmitterOfAsync("ada");
        await emitter.AgentStartedAsync("demo");
        busy.Hold();
        var (taken, waiting) = await EmitUntilWaitingAsync(emitter);
        var quiet = host.Services.GetRequiredService<QuietRuns>();
        var rounds = quiet.Rounds;

        await Eventually.BecomesTrueAsync(() => quiet.Rounds >= rounds + 6, "it was looked after for some seconds");

        // What the server says of a run does not wait, so it would have been refused, and that be told.
        var told = host.Failures.Latest(100).Select(static failure => failure.Code).ToList();
        Assert.That(told, Has.None.EqualTo(FailureCode.RunStalled).And.None.EqualTo(FailureCode.LogFull));
        busy.Release();
        Assert.That((await waiting.WaitAsync(TestClient.Patience)).Seq, Is.EqualTo(taken + 1));
    }

    [Test]
    public async Task Run_AgentAndItsEnd_WaitForTheLogForLongerThanAPublisher()
    {
        await using var busy = await BusyLogHost.StartAsync(
            settings: ShortWait, configure: static pipeline => pipeline.AddAgent<TalkativeAgent>());
        var host = busy.Pipeline;
        await using var page = await TestClient.ConnectAsync(host.SocketAddress("ada"));
        await (await host.EmitterOfAsync("ada", runId: "earlier")).TokenAsync("so that the stream is claimed");
        busy.Hold();
        var run = host.Runner.RunAsync(TalkativeAgent.AgentName, "go", host.Contexts.Create("ada", "t", "r"));
        await page.ReadEventsAsync(1);
        await Task.Delay(TimeSpan.FromMilliseconds(600), TimeProvider.System);
        Assert.That(run.IsCompleted, Is.False);

        busy.Release();

        Assert.That(await run.WaitAsync(TestClient.Patience), Has.Length.EqualTo(TalkativeAgent.Tokens));
        var events = await page.ReadEventsAsync(TalkativeAgent.Tokens + 2);
        Assert.That(events[^1].EventType, Is.EqualTo(EventType.AgentCompleted));
        Assert.That(host.Failures.Latest(10), Is.Empty);
    }

    [Test]
    public async Task Lines_LogFull_AreReadNoFasterThanTheLogTakesThem()
    {
        await using var busy = await BusyLogHost.StartAsync();
        var host = busy.Pipeline;
        await using var lines = await PublishLines.OpenAsync(host);
        await lines.SendAsync(TokenJson("first"));
        Assert.That((await lines.ReadAsync())!.Value.Seq(), Is.EqualTo(1));
        busy.Hold();
        const int Chunks = 64;
        const int LinesOfChunk = 64;
        var sent = 0;
        var chunk = string.Join('\n', Enumerable.Repeat(TokenJson(new string('x', 8_000)), LinesOfChunk));

        // 32 MB: more than the kernel, and what reads requests, hold for whoever does not read.
        var sending = Task.Run(async () =>
        {
            for (; sent < Chunks; sent++)
            {
                await lines.SendAsync(chunk);
            }
        });
        var before = -1;
        for (var quiet = 0; quiet < 100; quiet = before == sent ? quiet + 1 : 0)
        {
            before = sent;
            await Task.Delay(TimeSpan.FromMilliseconds(10), TimeProvider.System);
        }

        Assert.That(sent, Is.LessThan(Chunks / 2), "the publisher is held back");
        busy.Release();
        for (var i = 0; i < Chunks * LinesOfChunk; i++)
        {
            Assert.That((await lines.ReadAsync())!.Value.Seq(), Is.EqualTo(i + 2));
        }

        await sending;
        Assert.That(host.Failures.Latest(10), Is.Empty);
    }

    [Test]
    public async Task Publishers_ManyAtFullSpeed_AreAllTakenAndRefusedNothing()
    {
        await using var busy = await BusyLogHost.StartAsync();
        var host = busy.Pipeline;
        using var http = host.CreateClient();

        var single = Enumerable.Range(0, 200).Select(i => http.PublishAsync(TokenJson($"{i}", $"user-{i % 20}"))).ToList();
        var streaming = Enumerable.Range(0, 20).Select(async user =>
        {
            await using var lines = await PublishLines.OpenAsync(host);
            await lines.SendAsync(string.Join('\n', Enumerable.Range(0, 200).Select(i => TokenJson($"{i}", $"streaming-{user}"))));
            for (var i = 1; i <= 200; i++)
            {
                Assert.That((await lines.ReadAsync())!.Value.Seq(), Is.EqualTo(i));
            }
        });

        await Task.WhenAll(streaming);
        Assert.That(
            (await Task.WhenAll(single)).Select(static answer => answer.Response.StatusCode), Has.All.EqualTo(HttpStatusCode.Accepted));
        Assert.That(host.Failures.Latest(10), Is.Empty);
    }

    [Test]
    public async Task Event_NoRoomInTime_IsAnswered503()
    {
        await using var busy = await BusyLogHost.StartAsync(settings: ShortWait);
        await using var emitter = await busy.Pipeline.EmitterOfAsync("ada");
        using var http = busy.Pipeline.CreateClient();
        busy.Hold();
        var (_, waiting) = await EmitUntilWaitingAsync(emitter);

        (await http.PublishAsync(TokenJson())).ShouldBe(HttpStatusCode.ServiceUnavailable, "log_full");
        Assert.That(async () => await waiting, Throws.TypeOf<SendFailureException>());
    }

    // The queue holds 64, those that are being committed included.
    private static async Task<(long Taken, Task<EventReceipt> Waiting)> EmitUntilWaitingAsync(EventEmitter emitter)
    {
        var taken = 0L;
        while (true)
        {
            var emitted = emitter.TokenAsync("x").AsTask();
            if (!emitted.IsCompleted)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System);
            }

            if (emitted.IsFaulted)
            {
                // It has waited for as long as it may already.
                return (taken, emitted);
            }

            if (!emitted.IsCompleted)
            {
                return (taken, emitted);
            }

            taken = (await emitted).AssignedSeq;
        }
    }

    private sealed class TalkativeAgent : IAgent
    {
        public const string AgentName = "talkative";
        public const int Tokens = 300;

        public string Name => AgentName;

        public string Description => "Says much.";

        public IReadOnlyCollection<string> RequiredTools => [];

        public async IAsyncEnumerable<string> RunAsync(
            AgentExecution execution, [EnumeratorCancellation] CancellationToken cancellationToken)
        {
            for (var i = 0; i < Tokens; i++)
            {
                await Task.CompletedTask;
                yield return "x";
            }
        }
    }
}

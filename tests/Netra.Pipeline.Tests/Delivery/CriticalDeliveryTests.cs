using System.Net.WebSockets;
using Microsoft.Extensions.DependencyInjection;
using Netra.Pipeline.Connections;
using Netra.Pipeline.Delivery;
using Netra.Pipeline.Events;
using Netra.Pipeline.Failures;
using Netra.Pipeline.Protocol;
using Netra.Pipeline.Storage;
using Netra.Pipeline.Tests.Infrastructure;

namespace Netra.Pipeline.Tests.Delivery;

/// <summary>Spec D3: critical events are confirmed, sent again, and given up with noise. Over real sockets and in virtual time.</summary>
[TestFixture]
[Parallelizable(ParallelScope.All)]
internal sealed class CriticalDeliveryTests
{
    // One redelivery in place, and one more pause: 11 s and at most 24 s.
    private static readonly (string, string)[] OneTry = [("Netra:Delivery:Tries", "1")];
    private const int UntilInPlace = 1 + 10;
    private const int LongestSecond = 24;

    [Test]
    public async Task CriticalEvent_ConfirmedInTime_NothingHappens()
    {
        var time = new TestTimeProvider();
        await using var host = await PipelineHost.StartAsync(time: time);
        await using var page = await AnsweringPage.ConnectAsync(host.SocketAddress("ada"));
        await using var emitter = await host.EmitterOfAsync("ada");
        var receipt = await emitter.AgentStartedAsync("agent");
        await page.ReceivesAsync(1);
        await page.PassAsync(host, time, 9);
        await page.AckAsync(host, 1);

        await page.PassAsync(host, time, 60);

        Assert.That(page.Events.Count(), Is.EqualTo(1));
        Assert.That(page.Closed, Is.Null);
        Assert.That(host.Failures.Latest(10), Is.Empty);
        Assert.That(receipt.Stage, Is.EqualTo(DeliveryStage.Acknowledged));
        Assert.That(host.Services.GetRequiredService<CriticalDelivery>().OpenStreams, Is.Zero);
    }

    [Test]
    public async Task CriticalEvent_Unconfirmed_IsSentAgainInPlaceThenByClosing()
    {
        var time = new TestTimeProvider();
        await using var host = await PipelineHost.StartAsync(time: time);
        await using var page = await AnsweringPage.ConnectAsync(host.SocketAddress("ada"));
        await using var emitter = await host.EmitterOfAsync("ada");
        await emitter.AgentStartedAsync("agent");
        await emitter.TokenAsync("not critical");
        await page.ReceivesAsync(2);
        await page.PassAsync(host, time, UntilInPlace - 1);
        Assert.That(page.Events.Count(), Is.EqualTo(2));

        await page.PassAsync(host, time, 1);
        await page.ReceivesAsync(3);
        Assert.That((page.Events.Last().Seq, page.Events.Last().Redelivery), Is.EqualTo((1, 1)));

        await page.PassAsync(host, time, LongestSecond);
        Assert.That(page.Closed, Is.EqualTo(((WebSocketCloseStatus)4412, "unconfirmed")));

        await using var again = await AnsweringPage.ResumeAsync(host, "ada", page.Welcome, seq: 0);
        await again.ReceivesAsync(2);
        Assert.That(again.Events.Select(static e => (e.Seq, e.Redelivery)), Is.EqualTo(new[] { (1L, (int?)null), (2L, (int?)null) }));
        await again.AckAsync(host, 2);
        await again.PassAsync(host, time, 100);
        Assert.That(again.Closed, Is.Null);
        Assert.That(host.Failures.Latest(10), Is.Empty);
    }

    [Test]
    public async Task CriticalEvents_StayUnconfirmed_BecomeDeadLettersWithNoiseAndALateAcknowledgementStillCounts()
    {
        var time = new TestTimeProvider();
        var pager = new Pager();
        await using var host = await PipelineHost.StartAsync(
            builder => builder.Services.AddSingleton<IEmergencyNotifier>(pager), OneTry, time);
        await using var page = await AnsweringPage.ConnectAsync(host.SocketAddress("ada"));
        await using var emitter = await host.EmitterOfAsync("ada");
        var receipt = await emitter.AgentStartedAsync("agent");
        await emitter.TokenAsync("not critical");
        var thinking = await emitter.AgentThinkingAsync("hm");
        await page.ReceivesAsync(3);
        var confirmed = receipt.WhenAsync(DeliveryStage.Acknowledged, Timeout.InfiniteTimeSpan);

        await page.PassAsync(host, time, UntilInPlace + LongestSecond, () => AssertBalanced(host));
        await Eventually.BecomesTrueAsync(() => page.Messages.OfType<ErrorMessage>().Any(), "the user was told");

        var letters = await LettersAsync(host);
        Assert.That(
            letters.Select(static l => (l.UserId, l.Seq, l.Cause, l.Attempts, l.State)),
            Is.EqualTo(new[]
            {
                ("ada", 1L, DeadLetterCause.Unconfirmed, 2, DeadLetterState.Waiting),
                ("ada", 3L, DeadLetterCause.Unconfirmed, 2, DeadLetterState.Waiting),
            }));
        var failure = host.Failures.Latest(10).Single();
        Assert.That(
            (failure.Code, failure.UserId, failure.ThreadId, failure.RunId),
            Is.EqualTo((FailureCode.CriticalDeliveryFailed, "ada", "t1", "r1")));
        Assert.That(
            failure.Numbers, Is.EquivalentTo(new Dictionary<string, long> { ["from"] = 1, ["to"] = 3, ["count"] = 2, ["attempts"] = 2 }));
        Assert.That(
            host.Logs.Logs,
            Has.Some.Matches<CapturedLog>(static log =>
                log.Message.StartsWith("CRITICAL EVENT DELIVERY FAILED: critical_delivery_failed", StringComparison.Ordinal)));
        Assert.That(page.Messages.OfType<ErrorMessage>().Single().Code, Is.EqualTo("critical_delivery_failed"));
        await Eventually.BecomesTrueAsync(() => pager.Calls.Count == 1, "the notifier was told");
        Assert.That((pager.Calls[0].UserId, pager.Calls[0].Numbers["count"]), Is.EqualTo(("ada", 2)));
        var refused = Assert.ThrowsAsync<SendFailureException>(() => confirmed.WaitAsync(TestClient.Patience))!;
        Assert.That((refused.Code, refused.Seq), Is.EqualTo((FailureCode.CriticalDeliveryFailed, 1)));
        Assert.ThrowsAsync<SendFailureException>(
            () => thinking.WhenAsync(DeliveryStage.Acknowledged, Timeout.InfiniteTimeSpan), "whoever asks only now learns it at once");
        Assert.That(host.Services.GetRequiredService<Ledger>().Read().Account.DeadLettered, Is.EqualTo(2));

        // It came back after all.
        await page.AckAsync(host, 3);
        AssertBalanced(host);
        await page.PassAsync(host, time, 2, () => AssertBalanced(host));
        await HasLettersAsync(host, 2, DeadLetterState.Acknowledged);
        Assert.That(host.Services.GetRequiredService<Ledger>().Read().Account.DeadLettered, Is.Zero);
        Assert.That(receipt.Stage, Is.EqualTo(DeliveryStage.Acknowledged));
        await page.PassAsync(host, time, 60);
        Assert.That(host.Failures.Total, Is.EqualTo(1), "told once");
        Assert.That(page.Closed, Is.Null);
    }

    [Test]
    public async Task CriticalEvent_PageComesBackEachTime_CountsItsTriesOverConnectionsAlthoughNobodyElseNeedsTheStream()
    {
        var time = new TestTimeProvider();
        await using var host = await PipelineHost.StartAsync(time: time);
        var page = await AnsweringPage.ConnectAsync(host.SocketAddress("ada"));
        var pages = new List<AnsweringPage> { page };
        await using (var emitter = await host.EmitterOfAsync("ada"))
        {
            await emitter.AgentStartedAsync("agent");
        }

        await page.ReceivesAsync(1);
        for (var closings = 0; closings < 2; closings++)
        {
            await page.PassAsync(host, time, 100);
            Assert.That(page.Closed?.Reason, Is.EqualTo("unconfirmed"));

            // Away for longer than a stream without connections is kept.
            await host.StepAsync(time, 20);
            page = await AnsweringPage.ResumeAsync(host, "ada", page.Welcome, seq: 0);
            pages.Add(page);
            await page.ReceivesAsync(1);
        }

        Assert.That(await LettersAsync(host), Is.Empty);
        await page.PassAsync(host, time, 97);
        await HasLettersAsync(host, 1, DeadLetterState.Waiting);

        Assert.That((await LettersAsync(host)).Single().Attempts, Is.EqualTo(4));
        Assert.That(pages.Sum(static p => p.Events.Count()), Is.EqualTo(4), "sent as often as it says");
        Assert.That(page.Closed, Is.Null);
        AssertBalanced(host);
        foreach (var each in pages)
        {
            await each.DisposeAsync();
        }
    }

    [Test]
    public async Task CriticalEvent_OnlyAnAbsentDeviceLacksIt_WaitsForThatDevice()
    {
        var time = new TestTimeProvider();
        await using var host = await PipelineHost.StartAsync(time: time);
        await using var emitter = await host.EmitterOfAsync("ada");
        await emitter.AgentStartedAsync("agent");
        await using var phone = await AnsweringPage.ConnectAsync(host.SocketAddress("ada"));
        await phone.PassAsync(host, time, 200);
        Assert.That(phone.Closed, Is.Null, "it joined from now, and owes nothing");
        Assert.That(await LettersAsync(host), Is.Empty);

        // What the phone owes is looked after, though something older waits for another device.
        await emitter.AgentThinkingAsync("hm");
        await phone.ReceivesAsync(1);
        await phone.PassAsync(host, time, UntilInPlace);
        await phone.ReceivesAsync(2);
        Assert.That((phone.Events.Last().Seq, phone.Events.Last().Redelivery), Is.EqualTo((2, 1)));
        await phone.AckAsync(host, 2);

        await using var laptop = await AnsweringPage.ConnectAsync(host.SocketAddress("ada", "&seq=0"));
        await laptop.ReceivesAsync(2);
        await laptop.AckAsync(host, 2);
        await phone.PassAsync(host, time, 100);
        Assert.That(host.Failures.Latest(10), Is.Empty);
        AssertBalanced(host);
    }

    [Test]
    public async Task CriticalEvents_TwoDevicesOweDifferentOnes_BothAreGivenUpInTheEnd()
    {
        var time = new TestTimeProvider();
        await using var host = await PipelineHost.StartAsync(settings: [("Netra:Delivery:Tries", "2")], time: time);
        await using var emitter = await host.EmitterOfAsync("ada");
        await emitter.AgentStartedAsync("agent");
        var laptop = await AnsweringPage.ConnectAsync(host.SocketAddress("ada", "&seq=0"));
        await laptop.ReceivesAsync(1);
        var phone = await AnsweringPage.ConnectAsync(host.SocketAddress("ada"));
        await host.StepAsync(time, 1);
        await emitter.AgentThinkingAsync("hm");
        await phone.ReceivesAsync(1);
        await laptop.ReceivesAsync(2);
        for (var i = 0; i < 300 && (await LettersAsync(host)).Count < 2; i++)
        {
            await host.StepAsync(time, 1);
            await laptop.AnswersAsync(host);
            await phone.AnswersAsync(host);
            laptop = await ReturnAsync(host, laptop);
            phone = await ReturnAsync(host, phone);
        }

        Assert.That((await LettersAsync(host)).Select(static l => l.Seq), Is.EqualTo(new[] { 1, 2 }));
        AssertBalanced(host);
        await laptop.DisposeAsync();
        await phone.DisposeAsync();
    }

    [Test]
    public async Task GivingUp_LogInTrouble_LosesNothingAndIsTriedAgain()
    {
        var time = new TestTimeProvider();
        await using var host = await PipelineHost.StartAsync(static builder => builder.UseEventLog<TroubledLog>(), OneTry, time);
        var log = (TroubledLog)host.Services.GetRequiredService<IEventLog>();
        await using var page = await AnsweringPage.ConnectAsync(host.SocketAddress("ada"));
        await using var emitter = await host.EmitterOfAsync("ada");
        await emitter.AgentStartedAsync("agent");
        await page.ReceivesAsync(1);
        log.State = "the disk is full";
        await page.PassAsync(host, time, UntilInPlace + LongestSecond + 5, () => AssertBalanced(host));
        Assert.That(log.GivenUp, Is.Zero, "it is not asked while it says that it cannot");

        (log.State, log.Fault) = (null, new IOException("the disk is gone"));
        await page.PassAsync(host, time, 1);
        await Eventually.BecomesTrueAsync(() => log.GivenUp == 1, "it was asked");
        await page.PassAsync(host, time, 35, () => AssertBalanced(host));
        Assert.That(log.GivenUp, Is.InRange(3, 5));
        var failure = host.Failures.Latest(10).Single(static f => f.Code == FailureCode.BackgroundFailed);
        Assert.That(failure.Numbers["count"], Is.EqualTo(1), "told once a minute");
        Assert.That(failure.Message, Does.Contain("ada").And.Contain("the disk is gone"));

        log.Fault = null;
        await page.PassAsync(host, time, 12, () => AssertBalanced(host));
        await HasLettersAsync(host, 1, DeadLetterState.Waiting);
        Assert.That(host.Failures.Latest(10).Count(static f => f.Code == FailureCode.CriticalDeliveryFailed), Is.EqualTo(1));
    }

    [Test]
    public async Task GivingUp_ConfirmedWhileTheLogIsAtIt_IsSettledWithoutNoiseAndOthersGoOn()
    {
        var time = new TestTimeProvider();
        await using var host = await PipelineHost.StartAsync(static builder => builder.UseEventLog<TroubledLog>(), OneTry, time);
        var log = (TroubledLog)host.Services.GetRequiredService<IEventLog>();
        var held = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        log.Held = held.Task;
        await using var page = await AnsweringPage.ConnectAsync(host.SocketAddress("ada"));
        await using var emitter = await host.EmitterOfAsync("ada");
        var receipt = await emitter.AgentStartedAsync("agent");
        await page.ReceivesAsync(1);
        await page.PassAsync(host, time, UntilInPlace + LongestSecond);
        await Eventually.BecomesTrueAsync(() => log.GivenUp == 1, "the log is at it");

        // The tick waits for nobody: another user's event is looked after meanwhile.
        await using var other = await AnsweringPage.ConnectAsync(host.SocketAddress("bob"));
        await using var emitterOfBob = await host.EmitterOfAsync("bob");
        await emitterOfBob.AgentStartedAsync("agent");
        await other.ReceivesAsync(1);
        for (var i = 0; i < UntilInPlace; i++)
        {
            await host.StepAsync(time, 1);
            await page.AnswersAsync(host);
            await other.AnswersAsync(host);
        }

        await other.ReceivesAsync(2);
        await other.AckAsync(host, 1);
        await page.AckAsync(host, 1);
        Assert.That(log.GivenUp, Is.EqualTo(1), "one give-up at a time");
        held.SetResult();

        await Eventually.BecomesTrueAsync(
            async () =>
            {
                await host.StepAsync(time, 1);
                return (await LettersAsync(host)).Single().State == DeadLetterState.Acknowledged;
            },
            "the dead letter was settled");
        AssertBalanced(host);
        Assert.That(host.Failures.Latest(10), Is.Empty);
        Assert.That(receipt.Stage, Is.EqualTo(DeliveryStage.Acknowledged));
    }

    [Test]
    public async Task Settling_LogFails_IsTriedAgainAndTheStreamStaysUntilThen()
    {
        var time = new TestTimeProvider();
        await using var host = await PipelineHost.StartAsync(static builder => builder.UseEventLog<TroubledLog>(), OneTry, time);
        var log = (TroubledLog)host.Services.GetRequiredService<IEventLog>();
        await using (var page = await AnsweringPage.ConnectAsync(host.SocketAddress("ada")))
        {
            await using var emitter = await host.EmitterOfAsync("ada");
            await emitter.AgentStartedAsync("agent");
            await page.ReceivesAsync(1);
            await page.PassAsync(host, time, UntilInPlace + LongestSecond);
            await HasLettersAsync(host, 1, DeadLetterState.Waiting);
            log.Fault = new IOException("the disk is gone");
            await page.AckAsync(host, 1);
        }

        await Eventually.BecomesTrueAsync(() => host.Connections.Count == 0, "the page is gone");
        await host.StepAsync(time, 25);
        Assert.That(host.Streams.TryGetLoaded("ada", out _), Is.True);
        Assert.That(log.Settlements, Is.InRange(2, 4));

        log.Fault = null;
        await host.StepAsync(time, 12);
        await HasLettersAsync(host, 1, DeadLetterState.Acknowledged);
        await host.StepAsync(time, 20);
        await Eventually.BecomesTrueAsync(() => !host.Streams.TryGetLoaded("ada", out _), "nothing holds the stream any more");
    }

    [Test]
    public async Task CriticalEvent_FrozenPage_LosesNoTry()
    {
        var time = new TestTimeProvider();
        await using var host = await PipelineHost.StartAsync(settings: [("Netra:Connections:FrozenTimeout", "01:00:00")], time: time);
        await using var frozen = await RawClient.ConnectAsync(host.SocketAddress("ada"));
        await host.StepAsync(time, 15);
        await host.AnswersBrowserPingAsync(time, frozen);
        await host.StepAsync(time, 10);
        await using var emitter = await host.EmitterOfAsync("ada");
        await emitter.AgentStartedAsync("agent");
        var connection = host.ConnectionOf(frozen.Welcome.ConnectionId);
        Assert.That(connection.State, Is.EqualTo(ConnectionState.Frozen));
        for (var i = 0; i < 12; i++)
        {
            await host.StepAsync(time, i == 0 ? 6 : 16);
            await host.AnswersBrowserPingAsync(time, frozen);
        }

        Assert.That(connection.IsEnded, Is.False);
        Assert.That(await LettersAsync(host), Is.Empty);
    }

    private static async Task<AnsweringPage> ReturnAsync(PipelineHost host, AnsweringPage page)
    {
        if (page.Closed is null)
        {
            return page;
        }

        var back = await AnsweringPage.ResumeAsync(host, "ada", page.Welcome, page.Welcome.From);
        await page.DisposeAsync();
        return back;
    }

    private static void AssertBalanced(PipelineHost host)
        => Assert.That(host.Services.GetRequiredService<Ledger>().Read().Account.Unaccounted, Is.Zero);

    private static async Task<IReadOnlyList<DeadLetter>> LettersAsync(PipelineHost host)
        => await host.Services.GetRequiredService<IEventLog>().DeadLetters.ListAsync(new DeadLetterQuery(), CancellationToken.None);

    private static Task HasLettersAsync(PipelineHost host, int count, DeadLetterState state) => Eventually.BecomesTrueAsync(
        async () => (await LettersAsync(host)).Count(letter => letter.State == state) == count, $"{count} dead letters were {state}");

    private sealed class Pager : IEmergencyNotifier
    {
        public List<Failure> Calls { get; } = [];

        public Task NotifyAsync(Failure emergency, CancellationToken cancellationToken)
        {
            Calls.Add(emergency);
            return Task.CompletedTask;
        }
    }
}

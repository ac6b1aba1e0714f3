using Netra.Pipeline.Events;
using Netra.Pipeline.Failures;
using Netra.Pipeline.Protocol;
using Netra.Pipeline.Storage;
using Netra.Pipeline.Streams;

namespace Netra.Pipeline.Tests.Streams;

[TestFixture]
[Parallelizable(ParallelScope.All)]
internal sealed class UserStreamConfirmationTests
{
    private static readonly SeqRange All = new(1, long.MaxValue);

    [Test]
    public async Task State_TwoDevices_EachOwesWhatItWasSent()
    {
        var harness = await StreamHarness.CreateAsync();
        harness.Emit(EventType.AgentStarted);
        Assert.That(harness.Stream.Criticals.StateOf(0).OldestOwed, Is.Zero, "nobody is there");
        var phone = harness.Connect();
        await phone.ReadAsync();
        harness.Emit(EventType.AgentThinking);
        Assert.That(harness.Stream.Criticals.StateOf(0).OldestOwed, Is.Zero, "it is queued, not written");
        await phone.ReadAsync();
        harness.Emit();
        await phone.ReadAsync();
        Assert.That(
            harness.Stream.Criticals.StateOf(1), Is.EqualTo(new CriticalState(IsSettled: false, IsOwed: false, OldestOwed: 2, Told: 3)));

        var laptop = harness.Connect(harness.ResumeAt(0));
        Assert.That(harness.Stream.Criticals.StateOf(1).OldestOwed, Is.EqualTo(2), "it has to catch up first");
        await laptop.ReadAsync();
        Assert.That(
            harness.Stream.Criticals.StateOf(1), Is.EqualTo(new CriticalState(IsSettled: false, IsOwed: true, OldestOwed: 1, Told: 3)));

        laptop.Subscription.IsPresent = false;
        Assert.That(harness.Stream.Criticals.StateOf(1).OldestOwed, Is.EqualTo(2), "a frozen page owes nothing");
        laptop.Subscription.IsPresent = true;
        laptop.Acknowledge(1);
        Assert.That(
            harness.Stream.Criticals.StateOf(1), Is.EqualTo(new CriticalState(IsSettled: true, IsOwed: false, OldestOwed: 2, Told: 3)));
        phone.Acknowledge(2);
        Assert.That(
            harness.Stream.Criticals.StateOf(2), Is.EqualTo(new CriticalState(IsSettled: true, IsOwed: false, OldestOwed: 0, Told: 0)));
    }

    [Test]
    public async Task ConnectionsOwing_OthersOweTokensOnly_AreLeftAlone()
    {
        var harness = await StreamHarness.CreateAsync();
        harness.Emit(EventType.AgentStarted);
        var laptop = harness.Connect(harness.ResumeAt(0));
        await laptop.ReadAsync();
        var phone = harness.Connect();
        harness.Emit();
        await phone.ReadAsync();
        await laptop.ReadAsync();

        Assert.That(harness.Stream.Criticals.ConnectionsOwing(new SeqRange(1, 2)), Has.Count.EqualTo(1));
        Assert.That(harness.Stream.Criticals.ConnectionsOwing(new SeqRange(2, 2)), Is.Empty);
    }

    [Test]
    public async Task Bury_OnlyAnAbsentDeviceLacksIt_StaysPending()
    {
        var harness = await StreamHarness.CreateAsync();
        harness.Emit(EventType.AgentStarted);
        var phone = harness.Connect();
        harness.Emit(EventType.AgentThinking);
        harness.Emit();
        harness.Emit(EventType.AgentThinking);
        await phone.ReadAsync();

        var letters = await harness.Stream.Criticals.MakeDeadLettersAsync(All with { To = 3 }, attempts: 4, CancellationToken.None);

        Assert.That(letters.Select(static l => (l.Seq, l.Attempts)), Is.EqualTo(new[] { (2L, 4) }));
        Assert.That(
            harness.Stream.Snapshot().Account,
            Is.EqualTo(new StreamAccount(Accepted: 4, Acknowledged: 0, Pending: 3, Expired: 0, DeadLettered: 1)));
        Assert.That(harness.Stream.Criticals.Oldest, Is.EqualTo(1));
        Assert.That(harness.Stream.Criticals.StateOf(2).IsSettled, Is.True);
        Assert.That(harness.Stream.Criticals.StateOf(2).OldestOwed, Is.EqualTo(4), "it came later, and has not seen all tries");

        var laptop = harness.Connect(harness.ResumeAt(0));
        await laptop.ReadAsync();
        Assert.That(laptop.Seqs, Is.EqualTo(new long[] { 1, 2, 3, 4 }), "a dead letter stays in the stream");
        laptop.Acknowledge();
        Assert.That(harness.Stream.Criticals.HasRevived, Is.True);
        Assert.That(harness.Stream.Snapshot().Account, Is.EqualTo(new StreamAccount(4, 4, 0, 0, 0)));
    }

    [Test]
    public async Task WhenStage_DeadLetter_RefusesWhoeverWaitsAndWhoeverAsksLater()
    {
        var harness = await StreamHarness.CreateAsync();
        var device = harness.Connect();
        harness.Emit(EventType.AgentStarted);
        await device.ReadAsync();
        var waiting = harness.Stream.Stages.WhenAsync(1, DeliveryStage.Acknowledged, Timeout.InfiniteTimeSpan, CancellationToken.None);

        await harness.Stream.Criticals.MakeDeadLettersAsync(All, attempts: 4, CancellationToken.None);

        Assert.That(Assert.ThrowsAsync<SendFailureException>(() => waiting)!.Message, Does.Contain("was sent 4 times"));
        var later = Assert.ThrowsAsync<SendFailureException>(
            () => harness.Stream.Stages.WhenAsync(1, DeliveryStage.Acknowledged, Timeout.InfiniteTimeSpan, CancellationToken.None))!;
        Assert.That(
            (later.Code, later.Message),
            Is.EqualTo((FailureCode.CriticalDeliveryFailed, "event 1 was sent and nobody confirmed it; it is a dead letter now")));
        device.Acknowledge();
        await harness.Stream.Stages.WhenAsync(1, DeliveryStage.Acknowledged, Timeout.InfiniteTimeSpan, CancellationToken.None);
    }

    [Test]
    public async Task Evict_DeadLettersToBeSettled_NotBeforeTheyAre()
    {
        var harness = await StreamHarness.CreateAsync();
        var device = harness.Connect();
        harness.Emit(EventType.AgentStarted);
        await device.ReadAsync();
        await harness.Stream.Criticals.MakeDeadLettersAsync(All, attempts: 4, CancellationToken.None);
        device.Acknowledge();
        device.Disconnect();
        Assert.That(harness.Stream.TryEvictNow(), Is.False);

        await harness.Stream.Criticals.SettleRevivedAsync(CancellationToken.None);

        Assert.That(harness.Stream.Criticals.HasRevived, Is.False);
        Assert.That((await harness.Log.DeadLetters.FindAsync(1, CancellationToken.None))!.State, Is.EqualTo(DeadLetterState.Acknowledged));
        Assert.That(harness.Stream.TryEvictNow(), Is.True);
    }

    [Test]
    public async Task Release_DeadLettersToBeSettled_SettlesThem()
    {
        var harness = await StreamHarness.CreateAsync();
        var device = harness.Connect();
        harness.Emit(EventType.AgentStarted);
        await device.ReadAsync();
        await harness.Stream.Criticals.MakeDeadLettersAsync(All, attempts: 4, CancellationToken.None);
        device.Acknowledge();

        // As when the host stops at this moment.
        Assert.That(await harness.Stream.CloseAsync(isErased: false, CancellationToken.None), Is.True);
        await harness.Stream.ReleaseAsync(CancellationToken.None);

        Assert.That((await harness.Log.DeadLetters.FindAsync(1, CancellationToken.None))!.State, Is.EqualTo(DeadLetterState.Acknowledged));
    }

    [Test]
    public async Task UnconfirmedSince_SomethingIsConfirmed_IsForgotten()
    {
        var harness = await StreamHarness.CreateAsync();
        var device = harness.Connect();
        harness.EmitMany(3);
        await device.ReadAsync();
        harness.Stream.Acknowledgements.UnconfirmedSince = 7;
        device.Acknowledge(2);
        Assert.That(harness.Stream.Acknowledgements.UnconfirmedSince, Is.Zero);

        harness.Stream.Acknowledgements.UnconfirmedSince = 7;
        device.Acknowledge(2);
        Assert.That(harness.Stream.Acknowledgements.UnconfirmedSince, Is.EqualTo(7), "nothing new");
        harness.Connect(harness.ResumeAt(3, from: 0));
        Assert.That(harness.Stream.Acknowledgements.UnconfirmedSince, Is.Zero, "the resume brought what was lost");
    }
}

using Netra.Pipeline.Events;
using Netra.Pipeline.Protocol;
using Netra.Pipeline.Storage;
using Netra.Pipeline.Streams;

namespace Netra.Pipeline.Tests.Streams;

[TestFixture]
[Parallelizable(ParallelScope.All)]
internal sealed class UserStreamTests
{
    [Test]
    public async Task Append_LogFull_NumbersNothingAndGoesOnWithoutGap()
    {
        var harness = await StreamHarness.CreateAsync();
        var device = harness.Connect();
        harness.EmitMany(2);
        harness.Log.Answer = AppendResult.Full;

        Assert.That(harness.Emit().Kind, Is.EqualTo(AppendKind.LogFull));
        Assert.That(harness.Stream.Snapshot().Head, Is.EqualTo(2));

        harness.Log.Answer = AppendResult.Taken;
        Assert.That(harness.Emit().Seq, Is.EqualTo(3));
        await device.ReadAsync();
        Assert.That(device.Seqs, Is.EqualTo(new long[] { 1, 2, 3 }));
    }

    [Test]
    public async Task Append_LogThrows_IsAFailureOfTheLogAndNumbersNothing()
    {
        var harness = await StreamHarness.CreateAsync();
        harness.Log.AppendFault = new InvalidOperationException("broken");

        var outcome = harness.Emit();

        Assert.That((outcome.Kind, outcome.Fault?.Message), Is.EqualTo((AppendKind.LogFailed, "broken")));
        harness.Log.AppendFault = null;
        Assert.That(harness.Emit().Seq, Is.EqualTo(1));
    }

    [Test]
    public async Task Append_QueueFull_TellsOnceAndCatchesUpInOrder()
    {
        var harness = await StreamHarness.CreateAsync(windowEvents: 16);
        var device = harness.Connect(queueFrames: 8);
        await device.ReadAsync();
        harness.EmitMany(8);

        var turned = harness.Emit();
        var lagging = harness.Emit();

        Assert.That(turned.Overflowed, Has.Count.EqualTo(1));
        Assert.That((turned.Overflowed![0].QueuedFrames, turned.Overflowed[0].FrameLimit, turned.Lagging), Is.EqualTo((8, 8, 1)));
        Assert.That((lagging.Overflowed, lagging.Lagging), Is.EqualTo(((List<Netra.Pipeline.Failures.OverflowedConnection>?)null, 1)));
        harness.EmitMany(50);
        await device.ReadAsync();
        Assert.That(device.Seqs, Is.EqualTo(Numbers(1, 60)));
        Assert.That(device.Gaps, Is.EqualTo(new[] { new GapMessage(9, 60, GapCause.Overflow, Replay: true, Certain: true) }));
        Assert.That(device.Received.FindIndex(static m => m is GapMessage), Is.EqualTo(8), "the gap comes in order");
        Assert.That(harness.Emit().Connected, Is.EqualTo(1), "it is live again");
    }

    [Test]
    public async Task FillPage_FellBehindAfterTheWriterFoundTheQueueEmpty_LeavesTheQueueGoFirst()
    {
        var harness = await StreamHarness.CreateAsync();
        var device = harness.Connect(queueFrames: 8);
        await device.ReadAsync();

        // The writer finds its queue empty; before it looks for pages, so many events come that the connection falls behind.
        harness.EmitMany(10);
        var page = new List<SendFrame>();
        await harness.Stream.Pages.FillAsync(device.Subscription, page, 2048);

        Assert.That(page, Is.Empty, "events 1 to 8 wait in the queue and are older than any page");
        await device.ReadAsync();
        Assert.That(device.Seqs, Is.EqualTo(Numbers(1, 10)));
    }

    [Test]
    public async Task FillPage_UncommittedEventsInTheWindow_AreNeverTakenForExpired()
    {
        var harness = await StreamHarness.CreateAsync(windowEvents: 16);
        harness.EmitMany(40);
        harness.Log.HoldCommits();
        harness.EmitMany(5);
        await harness.Log.ExpireAsync(DateTimeOffset.MaxValue, CancellationToken.None);

        var device = harness.Connect(harness.ResumeAt(0));
        await device.ReadAsync();

        // 25 events besides the window are gone: 16 of it were trimmed when 40 was committed, and nothing since.
        var first = device.Seqs.First();
        Assert.That(device.Gaps.Single(), Is.EqualTo(new GapMessage(1, first - 1, GapCause.Expired, Replay: false, Certain: true)));
        Assert.That(device.Seqs, Is.EqualTo(Numbers(first, 45)));
        Assert.That(first, Is.LessThanOrEqualTo(41));
    }

    [Test]
    public async Task FillPage_LogReturnsAHole_ThrowsInsteadOfPassingItOn()
    {
        var harness = await StreamHarness.CreateAsync(windowEvents: 16);
        harness.EmitMany(60);
        harness.Log.Replace = static page => new EventPage([.. page.Events.Where(static e => e.Seq != 3)]);
        var device = harness.Connect(harness.ResumeAt(0));

        Assert.ThrowsAsync<InvalidDataException>(() => device.ReadAsync());
        Assert.That(device.Seqs, Is.Empty);
    }

    [Test]
    public async Task Acknowledge_CursorThatAGapMovedOn_IsNoViolation()
    {
        var harness = await StreamHarness.CreateAsync();
        harness.EmitMany(20);
        await harness.ReloadWithAllExpiredAsync();
        var device = harness.Connect(harness.ResumeAt(5));
        await device.ReadAsync();

        Assert.That(device.Gaps, Is.EqualTo(new[] { new GapMessage(6, 20, GapCause.Expired, Replay: false, Certain: true) }));
        Assert.That(
            device.Acknowledge(20), Is.EqualTo(AcknowledgeOutcome.Progress), "after the gap the client goes on at 21, so its cursor is 20");
        Assert.That(device.Acknowledge(21), Is.EqualTo(AcknowledgeOutcome.AboveWritten));
        Assert.That(device.Subscription.LastWritten, Is.EqualTo(5), "a gap is no event that somebody waits to be acknowledged");
    }

    [Test]
    public async Task Acknowledge_AfterExpiry_NeverConfirmsWhatExpiredUnacknowledged()
    {
        var harness = await StreamHarness.CreateAsync();
        var device = harness.Connect(harness.ResumeAt(0), queueFrames: 64);
        harness.EmitMany(10);
        await device.ReadAsync();
        device.Acknowledge(4);

        var lost = harness.Stream.Storage.OnExpiring(new SeqRange(1, 6));
        device.Acknowledge(5);
        harness.Stream.Storage.OnExpired(
            new ExpiredRange(StreamHarness.UserId, new SeqRange(1, 6), Events: 6, Unacknowledged: 2, DeadLettered: 0));
        device.Acknowledge(8);
        device.Acknowledge(10);

        Assert.That(lost, Is.EqualTo(new[] { new SeqRange(5, 6) }));
        var snapshot = harness.Stream.Snapshot();
        Assert.That((snapshot.ExpiredThrough, snapshot.Acknowledged), Is.EqualTo((6L, 4L)), "7 to 10, and not 5 and 6 with them");
    }

    [Test]
    public async Task Expire_ReaderAcknowledgesAfterwards_StillCountsWhatNobodyAcknowledged()
    {
        var harness = await StreamHarness.CreateAsync(windowEvents: 16);
        harness.EmitMany(60);
        var expired = (await harness.Log.ExpireAsync(DateTimeOffset.MaxValue, CancellationToken.None)).Single();
        var device = harness.Connect(harness.ResumeAt(0));
        await device.ReadAsync();
        device.Acknowledge();

        Assert.That(device.Gaps.Single().Cause, Is.EqualTo(GapCause.Expired));
        Assert.That(expired.Unacknowledged, Is.EqualTo(60));
        var account = harness.Stream.Snapshot().Account;
        Assert.That((account.Expired, account.Acknowledged, account.Unaccounted), Is.EqualTo((60L, 0L, 0L)));
    }

    [Test]
    public async Task Acknowledge_PhoneFromNow_ConfirmsNothingThatTheLaptopLacks()
    {
        var harness = await StreamHarness.CreateAsync();
        harness.EmitMany(5);
        var phone = harness.Connect(ResumeRequest.FromNow);
        harness.EmitMany(3);
        await phone.ReadAsync();
        phone.Acknowledge();

        Assert.That((phone.Point.From, phone.Point.Resumed), Is.EqualTo((5L, false)));
        Assert.That(harness.Stream.Snapshot().Acknowledged, Is.EqualTo(3));
        var laptop = harness.Connect(harness.ResumeAt(2, from: 0));
        await laptop.ReadAsync();
        laptop.Acknowledge();
        Assert.That(harness.Stream.Snapshot().ContiguouslyAcknowledged, Is.EqualTo(8));
    }

    [Test]
    public async Task Attach_CursorOrEpochOfAnotherHistory_BeginsAnewWithAllThatIsKept()
    {
        var harness = await StreamHarness.CreateAsync();
        harness.EmitMany(5);
        foreach (var request in new[] { new ResumeRequest("other", 3, null), harness.ResumeAt(6), new ResumeRequest(null, 0, null) })
        {
            var device = harness.Connect(request, queueFrames: 64);
            await device.ReadAsync();

            Assert.That(device.Point, Is.EqualTo(new ResumePoint(5, 0, Resumed: false)));
            Assert.That(device.Seqs, Is.EqualTo(Numbers(1, 5)));
        }
    }

    [Test]
    public async Task RequestReplay_Range_ComesMarkedAndLeavesTheLiveOrderAlone()
    {
        var harness = await StreamHarness.CreateAsync(windowEvents: 16);
        var device = harness.Connect(harness.ResumeAt(0), queueFrames: 64);
        harness.EmitMany(60);
        await device.ReadAsync();

        Assert.That(harness.Stream.Pages.TryRequestReplay(device.Subscription, new SeqRange(3, 50), maxWaiting: 8), Is.True);
        harness.EmitMany(1);
        await device.ReadAsync();

        Assert.That(device.Seqs, Is.EqualTo(Numbers(1, 61)));
        Assert.That(
            device.Received.OfType<EventMessage>().Where(static e => e.Redelivery == 1).Select(static e => e.Seq),
            Is.EqualTo(Numbers(3, 50)));
    }

    [Test]
    public async Task RequestReplay_TooManyWaiting_IsRefused()
    {
        var harness = await StreamHarness.CreateAsync();
        var device = harness.Connect(queueFrames: 64);
        harness.EmitMany(5);
        foreach (var seq in (long[])[1, 3, 5])
        {
            Assert.That(harness.Stream.Pages.TryRequestReplay(device.Subscription, new SeqRange(seq, seq), maxWaiting: 3), Is.True);
        }

        harness.EmitMany(2);
        Assert.That(harness.Stream.Pages.TryRequestReplay(device.Subscription, new SeqRange(7, 7), maxWaiting: 3), Is.False);
        Assert.Throws<ProtocolViolationException>(
            () => harness.Stream.Pages.TryRequestReplay(device.Subscription, new SeqRange(1, 8), maxWaiting: 9));
    }

    [Test]
    public async Task RequestReplay_AgainAndAgain_SendsEachNumberOnce()
    {
        var harness = await StreamHarness.CreateAsync(windowEvents: 16);
        var device = harness.Connect(harness.ResumeAt(0), queueFrames: 64);
        harness.EmitMany(60);
        await device.ReadAsync();

        foreach (var range in (SeqRange[])[new(20, 30), new(20, 30), new(1, 60), new(31, 40), new(5, 25), new(1, 60)])
        {
            Assert.That(harness.Stream.Pages.TryRequestReplay(device.Subscription, range, maxWaiting: 3), Is.True);
        }

        await device.ReadAsync();
        var again = device.Received.OfType<EventMessage>().Where(static e => e.Redelivery == 1).Select(static e => e.Seq).ToList();
        Assert.That(again, Is.EquivalentTo(Numbers(1, 60)));
        Assert.That(again.Take(11), Is.EqualTo(Numbers(20, 30)), "in the order in which they were asked for");
    }

    [Test]
    public async Task WaitForRoom_QueueDrained_IsReleased()
    {
        var harness = await StreamHarness.CreateAsync();
        var device = harness.Connect(queueFrames: 8);
        await device.ReadAsync();
        harness.EmitMany(8);

        Assert.That(harness.Emit(requireRoom: true).Kind, Is.EqualTo(AppendKind.NoRoom));
        var waiting = harness.Stream.Subscribers.WaitForRoomAsync(StreamHarness.Draft(harness.Stream));
        Assert.That(waiting.IsCompleted, Is.False);
        await device.ReadAsync(1);

        await waiting.WaitAsync(TimeSpan.FromSeconds(20));
        Assert.That(harness.Emit(requireRoom: true).Kind, Is.EqualTo(AppendKind.Accepted));
    }

    [Test]
    public async Task WaitForRoom_WritersDrainAtTheSameTime_NeverForgetsAWaiter()
    {
        var harness = await StreamHarness.CreateAsync(windowEvents: 16);
        var device = harness.Connect(queueFrames: 8);
        await device.ReadAsync();
        const int Events = 3_000;
        var emitting = Task.Run(async () =>
        {
            for (var i = 0; i < Events;)
            {
                if (harness.Emit(requireRoom: true).Kind == AppendKind.Accepted)
                {
                    i++;
                }
                else
                {
                    await harness.Stream.Subscribers.WaitForRoomAsync(StreamHarness.Draft(harness.Stream));
                }
            }
        });
        var taken = 0;
        while (taken < Events)
        {
            // Like the writer: everything off the queue, and then one word to those who wait.
            var (before, isOver) = (taken, emitting.IsCompleted);
            while (device.Subscription.Queue.TryDequeue(out _))
            {
                taken++;
            }

            if (taken > before)
            {
                harness.Stream.Subscribers.OnDrained();
            }
            else if (isOver)
            {
                break;
            }
            else
            {
                Thread.Yield();
            }
        }

        await emitting.WaitAsync(TimeSpan.FromSeconds(20));
        Assert.That(taken, Is.EqualTo(Events));
    }

    [Test]
    public async Task Append_FrozenPage_CountsAsOfflineEvenWhenItLags()
    {
        var harness = await StreamHarness.CreateAsync();
        var device = harness.Connect(queueFrames: 8);
        device.Subscription.IsPresent = false;
        harness.EmitMany(20);

        var outcome = harness.Emit(requireRoom: true);

        Assert.That((outcome.Kind, outcome.Connected, outcome.Lagging), Is.EqualTo((AppendKind.Accepted, 0, 0)));
    }

    [Test]
    public async Task Evict_PinnedConnectedOrUncommitted_IsRefused()
    {
        var harness = await StreamHarness.CreateAsync();
        harness.Stream.Runs.Leave(harness.Run);
        Assert.That(harness.Stream.Pins.TryAdd(), Is.True);
        Assert.That(harness.Stream.TryEvictNow(), Is.False, "pinned");
        harness.Stream.Pins.Remove();

        var device = harness.Connect();
        Assert.That(harness.Stream.TryEvictNow(), Is.False, "connected");
        device.Disconnect();

        harness.Log.HoldCommits();
        harness.EmitMany(1);
        Assert.That(harness.Stream.TryEvictNow(), Is.False, "not committed");
        harness.Log.ReleaseCommits();

        Assert.That(harness.Stream.TryEvictNow(), Is.True);
        Assert.That(harness.Stream.TryEvictNow(), Is.False, "already");
        Assert.That(harness.Stream.Pins.TryAdd(), Is.False);
        Assert.That(harness.Stream.Pins.TryAddConnection(), Is.False);
        Assert.That(harness.Emit().Kind, Is.EqualTo(AppendKind.Stopped));
    }

    [Test]
    public async Task WhenCommitted_LogStoresLater_CompletesThen()
    {
        var harness = await StreamHarness.CreateAsync();
        harness.Log.HoldCommits();
        harness.EmitMany(3);
        var second = harness.Stream.Stages.WhenCommittedAsync(2);
        var third = harness.Stream.Stages.WhenCommittedAsync(3);
        Assert.That((second.IsCompleted, third.IsCompleted), Is.EqualTo((false, false)));

        harness.Log.ReleaseCommits();

        await Task.WhenAll(second, third).WaitAsync(TimeSpan.FromSeconds(20));
        Assert.That(harness.Stream.Stages.WhenCommittedAsync(3).IsCompleted, Is.True);
    }

    [Test]
    public async Task Append_AfterTheRunsTerminalEvent_IsRefused()
    {
        var harness = await StreamHarness.CreateAsync();
        var terminal = harness.Emit(EventType.AgentCompleted);

        var after = harness.Emit();

        Assert.That((after.Kind, after.Seq), Is.EqualTo((AppendKind.RunEnded, terminal.Seq)));
    }

    [Test]
    public async Task Stream_ThreadsEmitWhileDevicesStallResumeAndLeave_GivesEachEveryEventInOrder()
    {
        var harness = await StreamHarness.CreateAsync(windowEvents: 16);
        const int PerEmitter = 2_000;
        var emitters = Enumerable.Range(0, 3).Select(_ => Task.Run(() => harness.EmitMany(PerEmitter))).ToArray();
        var everything = Task.WhenAll(emitters);
        var devices = Enumerable.Range(0, 3).Select(number => Task.Run(async () =>
        {
            var random = new Random(number);
            var cursor = 0L;
            while (true)
            {
                var last = everything.IsCompleted;
                var device = harness.Connect(harness.ResumeAt(cursor, from: 0));
                for (var i = random.Next(1, 30); i > 0; i--)
                {
                    await device.ReadAsync(last ? int.MaxValue : random.Next(1, 40));
                    device.Acknowledge();
                }

                device.Disconnect();
                Assert.That(device.Seqs, Is.EqualTo(Numbers(cursor + 1, cursor + device.Seqs.Count())));
                cursor += device.Seqs.Count();
                if (last)
                {
                    return cursor;
                }
            }
        })).ToArray();

        await everything.WaitAsync(TimeSpan.FromSeconds(30));
        Assert.That(await Task.WhenAll(devices).WaitAsync(TimeSpan.FromSeconds(30)), Is.All.EqualTo(3 * PerEmitter));
        Assert.That(harness.Stream.Snapshot().ContiguouslyAcknowledged, Is.EqualTo(3 * PerEmitter));
    }

    private static IEnumerable<long> Numbers(long from, long to)
    {
        for (var seq = from; seq <= to; seq++)
        {
            yield return seq;
        }
    }
}

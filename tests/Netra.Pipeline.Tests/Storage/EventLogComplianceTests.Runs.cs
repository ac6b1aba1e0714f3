using Netra.Pipeline.Events;
using Netra.Pipeline.Protocol;
using Netra.Pipeline.Storage;

namespace Netra.Pipeline.Tests.Storage;

// What a log knows of runs, of idempotency keys, and of the way of each event.
internal abstract partial class EventLogComplianceTests
{
    [Test]
    public async Task FindRun_RunsOfAStream_AreCountedOverLeases()
    {
        var log = await StartAsync();
        var stream = await LoggedStream.OpenAsync(log, "ada");
        Assert.That(await log.FindRunAsync(stream.Lease, "t", "r", CancellationToken.None), Is.Null);
        var (run, other) = (new LogRun("t", "r", isEmbedded: true, "demo"), new LogRun("t", "other", isEmbedded: false, agentName: null));
        stream.TryAppend(Noon, type: EventType.AgentStarted, run: run);
        stream.TryAppend(Noon, run: other);
        stream.TryAppend(Noon, run: run);
        stream.TryAppend(Noon);

        var found = await log.FindRunAsync(stream.Lease, "t", "r", CancellationToken.None);
        Assert.That(
            (found!.Events, found.FirstSeq, found.LastSeq, found.TerminalSeq),
            Is.EqualTo((2L, 1L, 3L, 0L)),
            "whether it is committed or not");
        Assert.That((found.IsEmbedded, found.AgentName), Is.EqualTo((true, "demo")));

        await stream.CommittedAsync(4);
        await log.ReleaseAsync(stream.Lease, [], CancellationToken.None);
        stream = await LoggedStream.OpenAsync(log, "ada");
        found = await log.FindRunAsync(stream.Lease, "t", "r", CancellationToken.None);
        stream.TryAppend(Noon, type: EventType.AgentCompleted, run: found);
        await stream.CommittedAsync(5);

        found = await log.FindRunAsync(stream.Lease, "t", "r", CancellationToken.None);
        Assert.That((found!.Events, found.FirstSeq, found.LastSeq, found.TerminalSeq), Is.EqualTo((3L, 1L, 5L, 5L)));
        Assert.That((await log.FindRunAsync(stream.Lease, "t", "other", CancellationToken.None))!.Events, Is.EqualTo(1));
        Assert.That(
            await log.FindRunAsync((await LoggedStream.OpenAsync(log, "bob")).Lease, "t", "r", CancellationToken.None),
            Is.Null,
            "a run is its user's");
    }

    [Test]
    public async Task FindRun_AllItsEventsExpired_IsForgotten()
    {
        var log = await StartAsync();
        var stream = await LoggedStream.OpenAsync(log, "ada");
        var (old, current) = (new LogRun("t", "old", isEmbedded: true, "demo"), new LogRun("t", "current", isEmbedded: true, "demo"));
        stream.TryAppend(Noon, run: old);
        stream.TryAppend(Noon, run: current);
        stream.TryAppend(Noon + TimeSpan.FromHours(1), run: current);
        await stream.CommittedAsync(3);

        await log.ExpireAsync(Noon + TimeSpan.FromMinutes(1), CancellationToken.None);

        Assert.That(await log.FindRunAsync(stream.Lease, "t", "old", CancellationToken.None), Is.Null);
        Assert.That((await log.FindRunAsync(stream.Lease, "t", "current", CancellationToken.None))!.Events, Is.EqualTo(2));
    }

    [Test]
    public async Task ReadOpenRuns_WithoutAnEnd_AreListed()
    {
        var log = await StartAsync();
        var stream = await LoggedStream.OpenAsync(log, "ada");
        var (ended, open, remote) = (
            new LogRun("t", "ended", isEmbedded: true, "demo"),
            new LogRun("t", "open", isEmbedded: true, "demo"),
            new LogRun("t", "remote", false, null));
        stream.TryAppend(Noon, type: EventType.AgentStarted, run: ended);
        stream.TryAppend(Noon, type: EventType.AgentCompleted, run: ended);
        stream.TryAppend(Noon, type: EventType.AgentStarted, run: open);
        stream.TryAppend(Noon, type: EventType.AgentStarted, run: remote);
        await stream.CommittedAsync(4);
        await log.ReleaseAsync(stream.Lease, [], CancellationToken.None);

        Assert.That(
            (await log.ReadOpenRunsAsync(CancellationToken.None))
                .Select(static run => (run.UserId, run.ThreadId, run.RunId, run.AgentName, run.IsEmbedded, run.LastSeq)),
            Is.EquivalentTo(new[] { ("ada", "t", "open", "demo", true, 3L), ("ada", "t", "remote", null, false, 4L) }));
    }

    [Test]
    public async Task FindRun_HasDeclared_IsKeptBesideTheRun()
    {
        var log = await StartAsync();
        var stream = await LoggedStream.OpenAsync(log, "ada");
        var (run, silent) = (
            new LogRun("t", "r", isEmbedded: false, agentName: null), new LogRun("t", "silent", isEmbedded: false, agentName: null));
        stream.TryAppend(Noon, run: run);
        stream.TryAppend(Noon, type: EventType.AgentStarted, run: run, declared: new RunDeclaration("demo", TimeSpan.FromSeconds(5)));
        stream.TryAppend(Noon, type: EventType.AgentStarted, run: silent, declared: new RunDeclaration("quiet", TimeSpan.Zero));
        await stream.CommittedAsync(3);
        await log.ReleaseAsync(stream.Lease, [], CancellationToken.None);
        stream = await LoggedStream.OpenAsync(log, "ada");

        var found = await log.FindRunAsync(stream.Lease, "t", "r", CancellationToken.None);
        Assert.That(
            (found!.AgentName, found.Lease, found.WaitingUntil), Is.EqualTo(("demo", TimeSpan.FromSeconds(5), (DateTimeOffset?)null)));
        Assert.That(
            (await log.ReadOpenRunsAsync(CancellationToken.None))
                .Select(static open => (open.RunId, open.AgentName, open.IsEmbedded, open.Lease, open.WaitingUntil)),
            Is.EquivalentTo(new[]
            {
                ("r", "demo", false, (TimeSpan?)TimeSpan.FromSeconds(5), (DateTimeOffset?)null), ("silent", "quiet", false, null, null),
            }));
    }

    [Test]
    public async Task FindRun_LaterAttempt_CountsFromItsBeginning()
    {
        var log = await StartAsync();
        var stream = await LoggedStream.OpenAsync(log, "ada");
        var run = new LogRun("t", "r", isEmbedded: false, agentName: null);
        var declared = new RunDeclaration("demo", TimeSpan.FromSeconds(5));
        stream.TryAppend(Noon, type: EventType.AgentStarted, run: run, declared: declared);
        stream.TryAppend(Noon, run: run);
        await log.StoreWaitAsync(stream.Lease, run, Noon.AddHours(1), CancellationToken.None);
        stream.TryAppend(Noon, type: EventType.AgentStarted, run: run, declared: declared with { Lease = TimeSpan.Zero }, attempt: 3);
        stream.TryAppend(Noon);
        stream.TryAppend(Noon, run: run, attempt: 3);
        Assert.That(await FindAsync(), Is.EqualTo((3, 2L, 3L, 5L, 0L)), "before its stream is saved");
        var open = (await log.ReadOpenRunsAsync(CancellationToken.None)).Single();
        Assert.That(
            (open.AgentName, open.Attempt, open.Lease, open.WaitingUntil),
            Is.EqualTo(("demo", 3, (TimeSpan?)null, (DateTimeOffset?)null)),
            "neither its lease nor its wait is left");

        await stream.CommittedAsync(5);
        await log.ReleaseAsync(stream.Lease, [], CancellationToken.None);
        stream = await LoggedStream.OpenAsync(log, "ada");
        Assert.That(await FindAsync(), Is.EqualTo((3, 2L, 3L, 5L, 0L)), "and after it");

        var found = await log.FindRunAsync(stream.Lease, "t", "r", CancellationToken.None);
        stream.TryAppend(Noon, run: found, attempt: 3);
        stream.TryAppend(Noon, type: EventType.AgentStarted, run: found, attempt: 4);
        stream.TryAppend(Noon, type: EventType.AgentCompleted, run: found, attempt: 4);
        Assert.That(await FindAsync(), Is.EqualTo((4, 2L, 7L, 8L, 8L)));

        async Task<(int Attempt, long Events, long First, long Last, long Terminal)> FindAsync()
        {
            var now = (await log.FindRunAsync(stream.Lease, "t", "r", CancellationToken.None))!;
            return (now.Attempt, now.Events, now.FirstSeq, now.LastSeq, now.TerminalSeq);
        }
    }

    [Test]
    public async Task FindRun_FirstEventIsOfALaterAttempt_IsAtIt()
    {
        var log = await StartAsync();
        var stream = await LoggedStream.OpenAsync(log, "ada");
        stream.TryAppend(Noon, type: EventType.AgentStarted, run: new LogRun("t", "r", isEmbedded: false, agentName: null), attempt: 2);

        var found = await log.FindRunAsync(stream.Lease, "t", "r", CancellationToken.None);

        Assert.That((found!.Attempt, found.Events, found.FirstSeq), Is.EqualTo((2, 1L, 1L)));
    }

    [Test]
    public async Task StoreWait_UntilTheRunsNextEvent_IsRemembered()
    {
        var log = await StartAsync();
        var stream = await LoggedStream.OpenAsync(log, "ada");
        var (run, other) = (
            new LogRun("t", "r", isEmbedded: false, agentName: null), new LogRun("t", "other", isEmbedded: false, agentName: null));
        await log.StoreWaitAsync(stream.Lease, run, Noon.AddHours(1), CancellationToken.None);
        Assert.That(
            await log.FindRunAsync(stream.Lease, "t", "r", CancellationToken.None), Is.Null, "a run that is not known is passed over");
        stream.TryAppend(Noon, type: EventType.AgentStarted, run: run);
        stream.TryAppend(Noon, type: EventType.AgentStarted, run: other);
        await log.StoreWaitAsync(stream.Lease, run, Noon.AddHours(1), CancellationToken.None);
        stream.TryAppend(Noon, run: other);
        Assert.That(await WaitOfAsync(), Is.EqualTo(Noon.AddHours(1)), "before its stream is saved");

        await stream.CommittedAsync(3);
        await log.ReleaseAsync(stream.Lease, [], CancellationToken.None);
        stream = await LoggedStream.OpenAsync(log, "ada");
        Assert.That(await WaitOfAsync(), Is.EqualTo(Noon.AddHours(1)), "and after it");
        await log.StoreWaitAsync(stream.Lease, run, Noon.AddHours(2), CancellationToken.None);
        Assert.That(
            (await log.ReadOpenRunsAsync(CancellationToken.None)).Select(static open => (open.RunId, open.WaitingUntil)),
            Is.EquivalentTo(new[] { ("r", (DateTimeOffset?)Noon.AddHours(2)), ("other", null) }));

        stream.TryAppend(Noon, run: run);
        Assert.That(await WaitOfAsync(), Is.Null, "an event ends it");
        stream.TryAppend(Noon, type: EventType.AgentCompleted, run: run);
        await stream.CommittedAsync(5);
        await log.ReleaseAsync(stream.Lease, [], CancellationToken.None);
        Assert.That(
            (await log.ReadOpenRunsAsync(CancellationToken.None)).Select(static open => (open.RunId, open.WaitingUntil)),
            Is.EqualTo(new[] { ("other", (DateTimeOffset?)null) }));

        async Task<DateTimeOffset?> WaitOfAsync() => (await log.FindRunAsync(stream.Lease, "t", "r", CancellationToken.None))!.WaitingUntil;
    }

    [Test]
    public async Task FindKey_StoredWithItsEvent_HasItsReceipt()
    {
        var log = await StartAsync();
        var stream = await LoggedStream.OpenAsync(log, "ada");
        var key = new PublishKey(
            hash: (UInt128)0x1122334455667788 << 64 | 0x99, content: 42, TimeProvider.System.GetUtcNow() + TimeSpan.FromHours(1));
        Assert.That(await log.FindKeyAsync(key.Hash, CancellationToken.None), Is.Null);
        stream.TryAppend(Noon);
        var answer = stream.TryAppend(Noon, key: key);
        key.Settle(EventStatus.Lagging);
        await stream.CommittedAsync(2);

        Assert.That(answer, Is.EqualTo(AppendResult.Taken));
        Assert.That(
            await log.FindKeyAsync(key.Hash, CancellationToken.None),
            Is.EqualTo(new StoredKey(42, stream.Lease.StreamId, 2, EventStatus.Lagging)));
        Assert.That(await log.FindKeyAsync(key.Hash + 1, CancellationToken.None), Is.Null);
    }

    [Test]
    public async Task FindKey_WindowIsOver_IsForgotten()
    {
        var log = await StartAsync();
        var stream = await LoggedStream.OpenAsync(log, "ada");
        var now = TimeProvider.System.GetUtcNow();
        var (over, kept) = (new PublishKey(1, 42, now - TimeSpan.FromMinutes(1)), new PublishKey(2, 42, now + TimeSpan.FromHours(1)));
        stream.TryAppend(now, key: over);
        over.Settle(EventStatus.Pending);
        stream.TryAppend(now, key: kept);
        kept.Settle(EventStatus.Pending);
        await stream.CommittedAsync(2);

        await log.ExpireAsync(now - TimeSpan.FromDays(7), CancellationToken.None);

        Assert.That(await log.FindKeyAsync(1, CancellationToken.None), Is.Null);
        Assert.That(await log.FindKeyAsync(2, CancellationToken.None), Is.Not.Null);
    }

    [Test]
    public async Task ReadHistory_EventOnTwoConnections_NamesEachStage()
    {
        var log = await StartAsync();
        var stream = await LoggedStream.OpenAsync(log, "ada");
        stream.TryAppend(Noon);
        stream.TryAppend(Noon);
        await stream.CommittedAsync(2);
        var at = TimeProvider.System.GetUtcNow();
        Assert.That(
            log.Audit.TryRecord(stream.Lease, new ConnectionProgress("c-1", at, From: 0, Queued: 2, Written: 1, Acknowledged: 0)), Is.True);
        Assert.That(
            log.Audit.TryRecord(stream.Lease, new ConnectionProgress("c-2", at, From: 2, Queued: 2, Written: 2, Acknowledged: 2)), Is.True);
        Assert.That(log.Audit.TryRecord(stream.Lease, new ConnectionProgress("c-1", at + TimeSpan.FromSeconds(1), 0, 2, 2, 2)), Is.True);

        var steps = await EventuallyReadAsync(log, stream, seq: 2, count: 5);

        Assert.That(steps.Select(static step => (step.Stage, step.ConnectionId)), Is.EquivalentTo(new[]
        {
            (HistoryStage.Accepted, (string?)null),
            (HistoryStage.Stored, null),
            (HistoryStage.Queued, "c-1"),
            (HistoryStage.Written, "c-1"),
            (HistoryStage.Acknowledged, "c-1"),
        }), "the second connection began after it");
        Assert.That(steps.Single(static step => step.Stage == HistoryStage.Queued).At, Is.EqualTo(at).Within(TimeSpan.FromSeconds(0.5)));
        Assert.That(
            steps.Single(static step => step.Stage == HistoryStage.Written).At,
            Is.EqualTo(at + TimeSpan.FromSeconds(1)).Within(TimeSpan.FromSeconds(0.5)));
        Assert.That(await log.Audit.ReadAsync(stream.Lease, 3, CancellationToken.None), Is.Null, "it was never given");
        Assert.That(
            (await log.Audit.ReadAsync(stream.Lease, 2, CancellationToken.None))!.Buffer, Is.EqualTo(LoggedStream.BufferOf("ada", 2)));
    }

    [Test]
    public async Task ReadHistory_ExpiredEvent_SaysSo()
    {
        var log = await StartAsync();
        var stream = await LoggedStream.OpenAsync(log, "ada");
        stream.TryAppend(Noon);
        stream.TryAppend(Noon, type: EventType.AgentStarted);
        await stream.CommittedAsync(2);
        await log.ExpireAsync(Noon + TimeSpan.FromDays(1), CancellationToken.None);

        var token = await log.Audit.ReadAsync(stream.Lease, 1, CancellationToken.None);
        var critical = await log.Audit.ReadAsync(stream.Lease, 2, CancellationToken.None);

        Assert.That(token!.Buffer, Is.Null);
        Assert.That(
            token.Steps.Select(static step => step.Stage), Has.Member(HistoryStage.Expired).And.No.Member(HistoryStage.DeadLettered));
        Assert.That(critical!.Buffer, Is.EqualTo(LoggedStream.BufferOf("ada", 2)), "its letter has it");
        Assert.That(
            critical.Steps.Select(static step => step.Stage), Has.Member(HistoryStage.Expired).And.Member(HistoryStage.DeadLettered));
    }

    // The audit is written in the background.
    private static async Task<IReadOnlyList<HistoryStep>> EventuallyReadAsync(IEventLog log, LoggedStream stream, long seq, int count)
    {
        using var patience = new CancellationTokenSource(Patience);
        while (true)
        {
            var history = await log.Audit.ReadAsync(stream.Lease, seq, patience.Token);
            if (history is { } found && found.Steps.Count >= count)
            {
                return found.Steps;
            }

            await Task.Delay(TimeSpan.FromMilliseconds(5), TimeProvider.System, patience.Token);
        }
    }
}

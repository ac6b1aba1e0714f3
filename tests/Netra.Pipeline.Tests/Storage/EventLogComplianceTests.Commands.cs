using Netra.Pipeline.Events;
using Netra.Pipeline.Protocol;
using Netra.Pipeline.Storage;

namespace Netra.Pipeline.Tests.Storage;

/// <summary>What every log does with commands.</summary>
internal abstract partial class EventLogComplianceTests
{
    private static readonly byte[] Members = """{"user_id":"ada"}"""u8.ToArray();

    [Test]
    public async Task Commands_ByThemselvesAndWithEvents_AreUntakenUntilTakenOrExpired()
    {
        var log = await StartAsync();
        var stream = await LoggedStream.OpenAsync(log, "ada");
        var cancel = new NewCommand(CommandKind.CancelRun, "ada", "t", Members) { Publisher = "p", RunId = "r", MessageId = "m" };
        var message = new NewCommand(CommandKind.ChatMessage, "ada", "t", Members) { Publisher = string.Empty, MessageId = "n" };
        await log.Commands.AddAsync("k-1", cancel, CancellationToken.None);
        await log.Commands.AddAsync("k-1", message, CancellationToken.None);
        stream.TryAppend(Noon, type: EventType.UserMessage, command: message);
        stream.TryAppend(Noon, type: EventType.UserMessage, command: message with { Publisher = null });
        await stream.CommittedAsync(2);

        var untaken = await log.Commands.ReadUntakenAsync(CancellationToken.None);

        var key = EventDraft.KeyOf(stream.Lease.StreamId);
        Assert.That(untaken.Select(static stored => stored.CommandId), Is.EqualTo(new[] { "k-1", EventDraft.IdOf(key, 1) }));
        Assert.That(untaken[0].Command with { Members = default }, Is.EqualTo(cancel with { Members = default }), "the first one stays");
        Assert.That(untaken[0].Command.Members.ToArray(), Is.EqualTo(Members));
        Assert.That(untaken[1].Command.Publisher, Is.Empty);
        Assert.That(await log.Commands.TryTakeAsync("k-1", "r2", CancellationToken.None), Is.True);
        Assert.That(await log.Commands.TryTakeAsync("k-1", "r3", CancellationToken.None), Is.False);
        var taken = await log.Commands.FindAsync("k-1", CancellationToken.None);
        Assert.That((taken!.State, taken.StartedRunId), Is.EqualTo((CommandState.Taken, "r2")));
        stream.TryAppend(Noon, type: EventType.CommandExpired, command: new ExpiredCommand(untaken[1].CommandId));
        await stream.CommittedAsync(3);
        Assert.That(await log.Commands.ReadUntakenAsync(CancellationToken.None), Is.Empty);
        Assert.That(await log.Commands.TryTakeAsync(untaken[1].CommandId, null, CancellationToken.None), Is.False, "it has expired");
    }

    [Test]
    public async Task Commands_RenewedWithdrawnAndForgotten_GoAsTheyShould()
    {
        var log = await StartAsync();
        var stream = await LoggedStream.OpenAsync(log, "ada");
        var command = new NewCommand(CommandKind.ChatMessage, "ada", "t", Members);
        foreach (var id in (string[])["taken", "handlers", "expired", "untaken", "withdrawn"])
        {
            await log.Commands.AddAsync(id, command with { Publisher = id == "handlers" ? null : "p" }, CancellationToken.None);
        }

        await log.Commands.TryTakeAsync("taken", null, CancellationToken.None);
        stream.TryAppend(Noon, type: EventType.CommandExpired, command: new ExpiredCommand("expired"));
        await stream.CommittedAsync(1);
        await log.Commands.WithdrawAsync(["withdrawn", "taken", "nothing"], CancellationToken.None);

        Assert.That(await log.Commands.TryRenewAsync("taken", "q", CancellationToken.None), Is.False);
        Assert.That(await log.Commands.TryRenewAsync("withdrawn", "q", CancellationToken.None), Is.False);
        Assert.That(await log.Commands.TryRenewAsync("expired", "q", CancellationToken.None), Is.True);
        var untaken = await log.Commands.ReadUntakenAsync(CancellationToken.None);
        Assert.That(
            untaken.Select(static stored => (stored.CommandId, stored.Command.Publisher)),
            Is.EqualTo(new[] { ("expired", "q"), ("untaken", "p") }));
        await log.Commands.ForgetAsync(TimeSpan.Zero, TimeSpan.FromHours(1), CancellationToken.None);
        Assert.That(await log.Commands.FindAsync("taken", CancellationToken.None), Is.Not.Null, "a message is known for longer");
        await log.Commands.ForgetAsync(TimeSpan.Zero, TimeSpan.Zero, CancellationToken.None);
        Assert.That(await log.Commands.FindAsync("taken", CancellationToken.None), Is.Null);
        Assert.That(await log.Commands.FindAsync("handlers", CancellationToken.None), Is.Null);
        Assert.That(await log.Commands.FindAsync("untaken", CancellationToken.None), Is.Not.Null);
    }

    [Test]
    public async Task Subscribers_LatestLast_AreKnownUntilTheyUnsubscribe()
    {
        var log = await StartAsync();
        foreach (var publisher in (string[])["p", string.Empty, "q", "p"])
        {
            await log.Commands.SubscribeAsync(publisher, CancellationToken.None);
        }

        await log.Commands.UnsubscribeAsync("q", CancellationToken.None);

        Assert.That(await log.Commands.ReadSubscribersAsync(CancellationToken.None), Is.EqualTo(new[] { string.Empty, "p" }));
    }

    [Test]
    public async Task FindRun_PublishedFromOutside_KnowsWhoDidLast()
    {
        var log = await StartAsync();
        var stream = await LoggedStream.OpenAsync(log, "ada");
        var run = new LogRun("t", "r", isEmbedded: false, agentName: null);
        stream.TryAppend(Noon, type: EventType.AgentStarted, run: run, publisher: "p");
        stream.TryAppend(Noon, run: run, publisher: "q");
        stream.TryAppend(Noon, run: run);
        await stream.CommittedAsync(3);
        await log.ReleaseAsync(stream.Lease, [], CancellationToken.None);
        stream = await LoggedStream.OpenAsync(log, "ada");

        Assert.That((await log.FindRunAsync(stream.Lease, "t", "r", CancellationToken.None))!.Publisher, Is.EqualTo("q"));
        Assert.That((await log.ReadOpenRunsAsync(CancellationToken.None)).Single().Publisher, Is.EqualTo("q"));
        stream.TryAppend(Noon, run: run, publisher: string.Empty);
        await stream.CommittedAsync(4);
        Assert.That((await log.FindRunAsync(stream.Lease, "t", "r", CancellationToken.None))!.Publisher, Is.Empty);
    }
}

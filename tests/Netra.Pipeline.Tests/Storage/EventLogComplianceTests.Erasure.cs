using Netra.Pipeline.Events;
using Netra.Pipeline.Protocol;
using Netra.Pipeline.Storage;

namespace Netra.Pipeline.Tests.Storage;

// What every log does when a user is erased.
internal abstract partial class EventLogComplianceTests
{
    private const long ErasureJump = 1L << 20;

    [Test]
    public async Task Erase_ReleasedStream_LeavesNothingOfTheUserAndKeepsTheAccount()
    {
        var log = await StartAsync();
        var (ada, bob) = (await LoggedStream.OpenAsync(log, "ada"), await LoggedStream.OpenAsync(log, "bob"));
        var key = new PublishKey(77, 42, DateTimeOffset.MaxValue);
        for (var i = 0; i < 10; i++)
        {
            ada.TryAppend(
                Noon,
                type: i == 9 ? EventType.AgentCompleted : EventType.Token,
                run: new LogRun("t", "r", isEmbedded: false, "demo"),
                key: i == 0 ? key : null);
        }

        key.Settle(EventStatus.Queued);
        bob.Append(3, Noon);
        await ada.CommittedAsync(10);
        await bob.CommittedAsync(3);
        await log.DeadLetters.AddAsync(ada.Lease, [10], 3, Noon, CancellationToken.None);
        await log.Commands.AddAsync(
            "k-1", new NewCommand(CommandKind.ChatMessage, "ada", "t", Members) { Publisher = "p" }, CancellationToken.None);
        await log.ReleaseAsync(ada.Lease, [new SeqRange(1, 4)], CancellationToken.None);

        var account = await log.EraseAsync("ada", CancellationToken.None);

        Assert.That(account, Is.EqualTo(new StreamAccount(10, 4, Pending: 0, Expired: 0, DeadLettered: 1, Erased: 5)));
        Assert.That((log.Resting, log.StreamCount), Is.EqualTo((account, 1L)));
        Assert.That(await log.ReadErasuresAsync(CancellationToken.None), Is.EqualTo(new[] { "ada" }));
        await log.CompleteErasureAsync("ada", CancellationToken.None);
        Assert.That(await log.ReadErasuresAsync(CancellationToken.None), Is.Empty);
        Assert.That(await log.KnowsUserAsync("ada", CancellationToken.None), Is.False);
        Assert.That(await log.FindUserAsync(ada.Lease.StreamId, CancellationToken.None), Is.Null);
        Assert.That(await log.FindKeyAsync(77, CancellationToken.None), Is.Null);
        Assert.That(await log.DeadLetters.ListAsync(new DeadLetterQuery(), CancellationToken.None), Is.Empty);
        Assert.That(await log.Commands.FindAsync("k-1", CancellationToken.None), Is.Null);
        Assert.That(await log.ReadOpenRunsAsync(CancellationToken.None), Is.Empty);
        await log.ExpireAsync(Noon + TimeSpan.FromDays(1), CancellationToken.None);
        Assert.That(log.Resting, Is.EqualTo(account), "bob's are his own, and nothing of ada's is left to expire");
        bob.Append(1);
        await bob.CommittedAsync(4);
    }

    [Test]
    public async Task Erase_UserWhoComesBack_HasANewStreamAboveAllNumbersOfTheOldOne()
    {
        var log = await StartAsync();
        var old = await LoggedStream.OpenAsync(log, "ada");
        old.Append(10, Noon);
        await old.CommittedAsync(10);
        await log.ReleaseAsync(old.Lease, [], CancellationToken.None);
        await log.EraseAsync("ada", CancellationToken.None);
        await log.CompleteErasureAsync("ada", CancellationToken.None);

        var ada = await LoggedStream.OpenAsync(log, "ada");

        Assert.That(
            (ada.Lease.Head, ada.Lease.ExpiredThrough, ada.Lease.Account, ada.Lease.Kept, ada.Lease.Skipped.Count),
            Is.EqualTo((10 + ErasureJump, 10 + ErasureJump, default(StreamAccount), 0L, 0)));
        Assert.That(ada.Lease.StreamId, Is.Not.EqualTo(old.Lease.StreamId));
        ada.Append(200, Noon);
        var (first, last) = (11 + ErasureJump, 210 + ErasureJump);
        await ada.CommittedAsync(last);
        var page = await log.ReadPageAsync(ada.Lease, new SeqRange(first, last), Large, CancellationToken.None);
        Assert.That(page.Events.Select(static e => e.Seq), Is.EqualTo(Numbers(first, last)));
        await log.ReleaseAsync(ada.Lease, [new SeqRange(1, first + 4)], CancellationToken.None);
        Assert.That((await LoggedStream.OpenAsync(log, "ada")).Lease.Account, Is.EqualTo(new StreamAccount(200, 5, 195, 0, 0)));

        Assert.That(
            await log.EraseAsync("ada", CancellationToken.None), Is.EqualTo(new StreamAccount(200, 5, 0, 0, 0, 195)));
        await log.CompleteErasureAsync("ada", CancellationToken.None);
        Assert.That((await LoggedStream.OpenAsync(log, "ada")).Lease.Head, Is.EqualTo(last + ErasureJump));
        Assert.That(log.Resting, Is.EqualTo(new StreamAccount(210, 5, 0, 0, 0, 205)));
    }

    [Test]
    public async Task Erase_LeasedStream_EndsTheLease()
    {
        var log = await StartAsync();
        var ada = await LoggedStream.OpenAsync(log, "ada");
        ada.Append(10, Noon);
        await ada.CommittedAsync(10);
        ada.Acknowledged = [new SeqRange(1, 3)];

        Assert.That(await log.EraseAsync("ada", CancellationToken.None), Is.EqualTo(new StreamAccount(10, 3, 0, 0, 0, 7)));

        Assert.That(ada.TryAppend(Noon), Is.EqualTo(AppendResult.Failed));
        await log.CompleteErasureAsync("ada", CancellationToken.None);
        Assert.That(log.Resting, Is.EqualTo(new StreamAccount(10, 3, 0, 0, 0, 7)));
    }

    [Test]
    public async Task Erase_UnknownUserOrTwice_ChangesNothing()
    {
        var log = await StartAsync();
        Assert.That(await log.EraseAsync("nobody", CancellationToken.None), Is.EqualTo(default(StreamAccount)));
        await log.CompleteErasureAsync("nobody", CancellationToken.None);
        var ada = await LoggedStream.OpenAsync(log, "ada");
        ada.Append(2, Noon);
        await ada.CommittedAsync(2);
        await log.EraseAsync("ada", CancellationToken.None);

        Assert.That(await log.EraseAsync("ada", CancellationToken.None), Is.EqualTo(default(StreamAccount)));

        Assert.That((log.Resting, log.StreamCount), Is.EqualTo((new StreamAccount(2, 0, 0, 0, 0, 2), 0L)));
    }
}

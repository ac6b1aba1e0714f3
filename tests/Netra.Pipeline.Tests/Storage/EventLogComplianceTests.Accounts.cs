using Netra.Pipeline.Protocol;
using Netra.Pipeline.Storage;

namespace Netra.Pipeline.Tests.Storage;

// The books that a log keeps of each stream.
internal abstract partial class EventLogComplianceTests
{
    [Test]
    public async Task Open_NewUser_HasAnEmptyAccount()
    {
        var log = await StartAsync();

        var stream = await LoggedStream.OpenAsync(log, "ada");

        Assert.That((stream.Lease.Account, stream.Lease.Kept), Is.EqualTo((default(StreamAccount), 0L)));
        Assert.That((stream.Lease.Skipped, stream.Lease.DeadLettered), Is.EqualTo((Array.Empty<SeqRange>(), Array.Empty<long>())));
    }

    [Test]
    public async Task Reopen_AfterRelease_FindsTheAccount()
    {
        var log = await StartAsync();
        var stream = await LoggedStream.OpenAsync(log, "ada");
        stream.Append(10, Noon);
        await stream.CommittedAsync(10);
        Assert.That(stream.CommittedEvents, Is.EqualTo(10), "the log counts what it stores");
        await log.ReleaseAsync(stream.Lease, [new SeqRange(1, 4), new SeqRange(9, 9)], CancellationToken.None);

        var again = await LoggedStream.OpenAsync(log, "ada");

        Assert.That(
            again.Lease.Account, Is.EqualTo(new StreamAccount(Accepted: 10, Acknowledged: 5, Pending: 5, Expired: 0, DeadLettered: 0)));
        Assert.That(again.Lease.Kept, Is.EqualTo(10));
    }

    [Test]
    public async Task Resting_OpenAndReleasedStreams_AreThoseWithoutALease()
    {
        var log = await StartAsync();
        var ada = await LoggedStream.OpenAsync(log, "ada");
        var bob = await LoggedStream.OpenAsync(log, "bob");
        ada.Append(10, Noon);
        bob.Append(3, Noon);
        await ada.CommittedAsync(10);
        await bob.CommittedAsync(3);
        Assert.That((log.Resting, log.StreamCount), Is.EqualTo((default(StreamAccount), 2L)), "both have an owner, who keeps the books");

        await log.ReleaseAsync(ada.Lease, [new SeqRange(1, 4)], CancellationToken.None);
        Assert.That(log.Resting, Is.EqualTo(new StreamAccount(10, 4, 6, 0, 0)));
        await log.ReleaseAsync(bob.Lease, [], CancellationToken.None);
        Assert.That(log.Resting, Is.EqualTo(new StreamAccount(13, 4, 9, 0, 0)));

        await log.ExpireAsync(Noon + TimeSpan.FromDays(1), CancellationToken.None);
        Assert.That(log.Resting, Is.EqualTo(new StreamAccount(13, 4, 0, 9, 0)));
        ada = await LoggedStream.OpenAsync(log, "ada");
        Assert.That(ada.Lease.Account, Is.EqualTo(new StreamAccount(10, 4, 0, 6, 0)));
        Assert.That(log.Resting, Is.EqualTo(new StreamAccount(3, 0, 0, 3, 0)));
    }

    [Test]
    public async Task Expire_StreamWithAnOwner_AsksItFirstAndTellsItThen()
    {
        var log = await StartAsync();
        var stream = await LoggedStream.OpenAsync(log, "ada");
        stream.Append(10, Noon);
        await stream.CommittedAsync(10);
        stream.Acknowledged = [new SeqRange(1, 7)];

        var expired = (await log.ExpireAsync(Noon + TimeSpan.FromDays(1), CancellationToken.None)).Single();

        Assert.That(expired, Is.EqualTo(new ExpiredRange("ada", new SeqRange(1, 10), Events: 10, Unacknowledged: 3, DeadLettered: 0)));
        Assert.That(stream.Expirations.Sum(static e => e.Events), Is.EqualTo(10));
        Assert.That(stream.Expirations.Sum(static e => e.Unacknowledged), Is.EqualTo(3));
        await log.ReleaseAsync(stream.Lease, [], CancellationToken.None);
        Assert.That(log.Resting, Is.EqualTo(new StreamAccount(10, 7, 0, 3, 0)));
    }

    [Test]
    public async Task Expire_UnacknowledgedCriticalEvents_BecomeDeadLetters()
    {
        var log = await StartAsync();
        var stream = await LoggedStream.OpenAsync(log, "ada");
        stream.TryAppend(Noon, type: EventType.AgentStarted);
        stream.TryAppend(Noon, type: EventType.Token);
        stream.TryAppend(Noon, type: EventType.ToolExecuting);
        stream.TryAppend(Noon, type: EventType.Token);
        await stream.CommittedAsync(4);
        await log.ReleaseAsync(stream.Lease, [new SeqRange(1, 2)], CancellationToken.None);

        var expired = (await log.ExpireAsync(Noon + TimeSpan.FromDays(1), CancellationToken.None)).Single();

        Assert.That(expired, Is.EqualTo(new ExpiredRange("ada", new SeqRange(1, 4), Events: 4, Unacknowledged: 2, DeadLettered: 1)));
        var letter = (await log.DeadLetters.ListAsync(new DeadLetterQuery(), CancellationToken.None)).Single();
        Assert.That(
            (letter.UserId, letter.Seq, letter.Cause, letter.State, letter.Webhook),
            Is.EqualTo(("ada", 3L, DeadLetterCause.Expired, DeadLetterState.Waiting, WebhookState.Waiting)));
        Assert.That(letter.Buffer, Is.EqualTo(LoggedStream.BufferOf("ada", 3)));
        Assert.That(log.Resting, Is.EqualTo(new StreamAccount(4, 2, 0, 1, 1)));
        Assert.That((await LoggedStream.OpenAsync(log, "ada")).Lease.DeadLettered, Is.Empty, "only kept events are listed");
    }

    [Test]
    public async Task Expire_EventsOfTheSystemsOwnUser_AreNoDeadLetters()
    {
        var log = await StartAsync();
        var stream = await LoggedStream.OpenAsync(log, "$verification");
        stream.TryAppend(Noon, type: EventType.AgentStarted);
        await stream.CommittedAsync(1);
        await log.ReleaseAsync(stream.Lease, [], CancellationToken.None);

        var expired = (await log.ExpireAsync(Noon + TimeSpan.FromDays(1), CancellationToken.None)).Single();

        Assert.That((expired.Unacknowledged, expired.DeadLettered), Is.EqualTo((1L, 0L)));
        Assert.That(await log.DeadLetters.ListAsync(new DeadLetterQuery(), CancellationToken.None), Is.Empty);
    }

    [Test]
    public async Task KnowsUser_OnlyThoseWithAStream_AndFindsThemByTheirStreamsId()
    {
        var log = await StartAsync();
        var stream = await LoggedStream.OpenAsync(log, "ada");

        Assert.That(await log.KnowsUserAsync("ada", CancellationToken.None), Is.True);
        Assert.That(await log.KnowsUserAsync("Ada", CancellationToken.None), Is.False);
        Assert.That(await log.FindUserAsync(stream.Lease.StreamId, CancellationToken.None), Is.EqualTo("ada"));
        Assert.That(await log.FindUserAsync(stream.Lease.StreamId + 1, CancellationToken.None), Is.Null);
    }
}

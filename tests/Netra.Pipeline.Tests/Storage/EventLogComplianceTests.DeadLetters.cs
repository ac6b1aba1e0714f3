using Netra.Pipeline.Protocol;
using Netra.Pipeline.Storage;

namespace Netra.Pipeline.Tests.Storage;

// Dead letters of kept events, and what becomes of them.
internal abstract partial class EventLogComplianceTests
{
    [Test]
    public async Task AddDeadLetters_StoredEvents_AreListedOnceInOrder()
    {
        var (log, stream) = await WithCriticalEventsAsync(5);

        var added = await log.DeadLetters.AddAsync(stream.Lease, [2, 4], attempts: 3, Noon, CancellationToken.None);
        var again = await log.DeadLetters.AddAsync(stream.Lease, [4, 5], attempts: 1, Noon, CancellationToken.None);

        Assert.That(added.Select(static letter => letter.Seq), Is.EqualTo(new[] { 2L, 4L }));
        Assert.That(again.Select(static letter => letter.Seq), Is.EqualTo(new[] { 5L }), "4 is one already");
        var all = await log.DeadLetters.ListAsync(new DeadLetterQuery(), CancellationToken.None);
        Assert.That(all.Select(static letter => (letter.Seq, letter.Attempts, letter.Cause)), Is.EqualTo(new[]
        {
            (2L, 3, DeadLetterCause.Unconfirmed), (4L, 3, DeadLetterCause.Unconfirmed), (5L, 1, DeadLetterCause.Unconfirmed),
        }));
        Assert.That(all.Select(static letter => letter.Number), Is.Ordered.Ascending.And.Unique);
        Assert.That(all[0].Buffer, Is.EqualTo(LoggedStream.BufferOf("ada", 2)));
        Assert.That((all[0].UserId, all[0].StreamId, all[0].At), Is.EqualTo(("ada", stream.Lease.StreamId, Noon)));
        Assert.That(await log.DeadLetters.FindAsync(all[1].Number, CancellationToken.None), Is.EqualTo(all[1]).UsingPropertiesComparer());
        Assert.That(await log.DeadLetters.FindAsync(all[^1].Number + 1, CancellationToken.None), Is.Null);
    }

    [Test]
    public async Task ListDeadLetters_Query_FiltersAndPages()
    {
        var (log, stream) = await WithCriticalEventsAsync(5);
        var bob = await LoggedStream.OpenAsync(log, "bob");
        bob.TryAppend(Noon, type: EventType.AgentStarted);
        await bob.CommittedAsync(1);
        var ada = await log.DeadLetters.AddAsync(stream.Lease, [1, 2, 3], 3, Noon, CancellationToken.None);
        await log.DeadLetters.AddAsync(bob.Lease, [1], 3, Noon, CancellationToken.None);
        await log.DeadLetters.TrySettleAsync(ada[1].Number, DeadLetterState.Dropped, replayedAs: null, CancellationToken.None);
        await log.DeadLetters.SetWebhookAsync(ada[0].Number, WebhookState.Delivered, CancellationToken.None);

        Assert.That(await SeqsAsync(new DeadLetterQuery { UserId = "ada" }), Is.EqualTo(new[] { 1L, 2L, 3L }));
        Assert.That(await SeqsAsync(new DeadLetterQuery { UserId = "ada", State = DeadLetterState.Waiting }), Is.EqualTo(new[] { 1L, 3L }));
        Assert.That(await SeqsAsync(new DeadLetterQuery { UserId = "ada", Limit = 2 }), Is.EqualTo(new[] { 1L, 2L }));
        Assert.That(await SeqsAsync(new DeadLetterQuery { UserId = "ada", After = ada[1].Number }), Is.EqualTo(new[] { 3L }));
        Assert.That(await SeqsAsync(new DeadLetterQuery { UserId = "ada", Webhook = WebhookState.Waiting }), Is.EqualTo(new[] { 2L, 3L }));
        Assert.That(await SeqsAsync(new DeadLetterQuery { UserId = "carol" }), Is.Empty);
        Assert.That(await SeqsAsync(new DeadLetterQuery()), Has.Count.EqualTo(4));

        async Task<List<long>> SeqsAsync(DeadLetterQuery query)
            => [.. (await log.DeadLetters.ListAsync(query, CancellationToken.None)).Select(static letter => letter.Seq)];
    }

    [Test]
    public async Task SettleDeadLetter_Once_IsSettledForGood()
    {
        var (log, stream) = await WithCriticalEventsAsync(2);
        var letter = (await log.DeadLetters.AddAsync(stream.Lease, [1], 3, Noon, CancellationToken.None)).Single();

        Assert.That(await log.DeadLetters.TrySettleAsync(letter.Number, DeadLetterState.Replayed, "x-7", CancellationToken.None), Is.True);
        Assert.That(await log.DeadLetters.TrySettleAsync(letter.Number, DeadLetterState.Dropped, null, CancellationToken.None), Is.False);
        Assert.That(
            await log.DeadLetters.TrySettleAsync(letter.Number + 99, DeadLetterState.Dropped, null, CancellationToken.None), Is.False);

        var settled = await log.DeadLetters.FindAsync(letter.Number, CancellationToken.None);
        Assert.That((settled!.State, settled.ReplayedAs), Is.EqualTo((DeadLetterState.Replayed, "x-7")));
    }

    [Test]
    public async Task DeadLetter_AcknowledgedAfterAll_CountsAsAcknowledged()
    {
        var (log, stream) = await WithCriticalEventsAsync(4);
        await log.DeadLetters.AddAsync(stream.Lease, [1, 3], 3, Noon, CancellationToken.None);
        await log.ReleaseAsync(stream.Lease, [], CancellationToken.None);
        Assert.That(log.Resting, Is.EqualTo(new StreamAccount(4, 0, 2, 0, 2)));

        stream = await LoggedStream.OpenAsync(log, "ada");
        Assert.That(stream.Lease.DeadLettered, Is.EqualTo(new[] { 1L, 3L }));
        Assert.That(stream.Lease.Account, Is.EqualTo(new StreamAccount(4, 0, 2, 0, 2)));
        stream.Acknowledged = [new SeqRange(1, 2)];
        await log.DeadLetters.SettleAcknowledgedAsync(stream.Lease, [1], CancellationToken.None);
        await log.ReleaseAsync(stream.Lease, stream.Acknowledged, CancellationToken.None);

        Assert.That(log.Resting, Is.EqualTo(new StreamAccount(4, 2, 1, 0, 1)));
        var letters = await log.DeadLetters.ListAsync(new DeadLetterQuery(), CancellationToken.None);
        Assert.That(
            letters.Select(static letter => letter.State), Is.EqualTo(new[] { DeadLetterState.Acknowledged, DeadLetterState.Waiting }));
        Assert.That((await LoggedStream.OpenAsync(log, "ada")).Lease.DeadLettered, Is.EqualTo(new[] { 3L }));
    }

    [Test]
    public async Task Expire_EventsThatAreDeadLettersAlready_KeepTheirLettersAndCountOnce()
    {
        var (log, stream) = await WithCriticalEventsAsync(4);
        await log.DeadLetters.AddAsync(stream.Lease, [1, 2], 3, Noon, CancellationToken.None);
        stream.Acknowledged = [new SeqRange(4, 4)];

        var expired = (await log.ExpireAsync(Noon + TimeSpan.FromDays(1), CancellationToken.None)).Single();

        Assert.That(expired, Is.EqualTo(new ExpiredRange("ada", new SeqRange(1, 4), Events: 4, Unacknowledged: 3, DeadLettered: 3)));
        var letters = await log.DeadLetters.ListAsync(new DeadLetterQuery(), CancellationToken.None);
        Assert.That(letters.Select(static letter => (letter.Seq, letter.Cause)), Is.EqualTo(new[]
        {
            (1L, DeadLetterCause.Unconfirmed), (2L, DeadLetterCause.Unconfirmed), (3L, DeadLetterCause.Expired),
        }));
        await log.ReleaseAsync(stream.Lease, [], CancellationToken.None);
        Assert.That(log.Resting, Is.EqualTo(new StreamAccount(4, 1, 0, 0, 3)));
    }

    [Test]
    public async Task ExpireDeadLetters_ByAgeAndCount_SaysHowManyNobodyDealtWith()
    {
        var (log, stream) = await WithCriticalEventsAsync(6);
        await log.DeadLetters.AddAsync(stream.Lease, [1, 2], 3, Noon, CancellationToken.None);
        var later = await log.DeadLetters.AddAsync(stream.Lease, [3, 4, 5, 6], 3, Noon + TimeSpan.FromHours(1), CancellationToken.None);
        await log.DeadLetters.TrySettleAsync(later[0].Number, DeadLetterState.Dropped, null, CancellationToken.None);

        Assert.That(await log.DeadLetters.ExpireAsync(Noon + TimeSpan.FromMinutes(1), keep: 100, CancellationToken.None), Is.EqualTo(2));
        Assert.That(
            await log.DeadLetters.ExpireAsync(Noon, keep: 2, CancellationToken.None), Is.EqualTo(1), "one of the two was dealt with");

        var rest = await log.DeadLetters.ListAsync(new DeadLetterQuery(), CancellationToken.None);
        Assert.That(rest.Select(static letter => letter.Seq), Is.EqualTo(new[] { 5L, 6L }));
        await log.ReleaseAsync(stream.Lease, [], CancellationToken.None);
        Assert.That(log.Resting.DeadLettered, Is.EqualTo(6), "the account is of all times");
        Assert.That(log.Resting.Unaccounted, Is.Zero);
    }

    private async Task<(IEventLog Log, LoggedStream Stream)> WithCriticalEventsAsync(int count)
    {
        var log = await StartAsync();
        var stream = await LoggedStream.OpenAsync(log, "ada");
        for (var i = 0; i < count; i++)
        {
            Assert.That(stream.TryAppend(Noon, type: EventType.AgentThinking), Is.EqualTo(AppendResult.Taken));
        }

        await stream.CommittedAsync(count);
        return (log, stream);
    }
}

using Netra.Pipeline.Protocol;
using Netra.Pipeline.Storage;

namespace Netra.Pipeline.Tests.Storage;

// What runs ask, and the answers.
internal abstract partial class EventLogComplianceTests
{
    [Test]
    public async Task FindRun_Questions_AreFoundAsTheyStand()
    {
        var log = await StartAsync();
        var stream = await LoggedStream.OpenAsync(log, "ada");
        var run = new LogRun("t", "r", isEmbedded: false, "demo");
        var asked = new LogQuestion("q1", RequestKind.Choice, "Which?")
        {
            Seq = 2,
            Options = ["red", "blue"],
            Until = Noon + TimeSpan.FromHours(1),
            CallId = "c1",
            AskedAt = Noon,
        };
        stream.TryAppend(Noon, type: EventType.AgentStarted, run: run);
        stream.TryAppend(Noon, type: EventType.RunWaiting, run: run, question: asked);
        var other = new LogQuestion("q2", RequestKind.Text, "Name?") { Seq = 3 };
        stream.TryAppend(Noon, type: EventType.RunWaiting, run: run, question: other);
        var answered = asked with { Answer = new LogAnswer(4, "\"red\""u8.ToArray(), "ada") };
        stream.TryAppend(Noon, type: EventType.RunResumed, run: run, question: answered);
        await stream.CommittedAsync(4);

        var stored = await log.FindRunAsync(stream.Lease, "t", "r", CancellationToken.None);
        var found = stored!.Questions.OrderBy(static q => q.Seq).ToArray();
        var open = (await log.ReadOpenRunsAsync(CancellationToken.None)).Single();

        Assert.That(found.Select(static q => q.RequestId), Is.EqualTo(new[] { "q1", "q2" }));
        Assert.That((found[0].Kind, found[0].Prompt), Is.EqualTo((RequestKind.Choice, "Which?")));
        Assert.That((found[0].CallId, found[0].Attempt), Is.EqualTo(("c1", 1)));
        Assert.That(found[0].Options, Is.EqualTo(asked.Options));
        Assert.That((found[0].Until, found[0].AskedAt), Is.EqualTo((asked.Until, asked.AskedAt)));
        Assert.That((found[0].Answer!.Seq, found[0].Answer!.By), Is.EqualTo((4L, "ada")));
        Assert.That(found[0].Answer!.Value.ToArray(), Is.EqualTo("\"red\""u8.ToArray()));
        Assert.That(found[1].Answer, Is.Null);
        Assert.That((open.LastSeq, open.Questions.Count), Is.EqualTo((4L, 2)));
    }

    [Test]
    public async Task FindRun_ServerSaysSomething_StillWaitsAsItHadAnnounced()
    {
        var log = await StartAsync();
        var stream = await LoggedStream.OpenAsync(log, "ada");
        var run = new LogRun("t", "r", isEmbedded: false, "demo");
        var until = Noon + TimeSpan.FromHours(1);
        stream.TryAppend(Noon, type: EventType.AgentStarted, run: run);
        await stream.CommittedAsync(1);
        await log.StoreWaitAsync(stream.Lease, run, until, CancellationToken.None);

        stream.TryAppend(Noon, type: EventType.CommandExpired, run: run);
        await stream.CommittedAsync(2);
        Assert.That((await log.FindRunAsync(stream.Lease, "t", "r", CancellationToken.None))!.WaitingUntil, Is.EqualTo(until));

        stream.TryAppend(Noon, run: run);
        await stream.CommittedAsync(3);
        Assert.That((await log.FindRunAsync(stream.Lease, "t", "r", CancellationToken.None))!.WaitingUntil, Is.Null);
    }

    [Test]
    public async Task FindRun_EventThatAskedExpired_QuestionIsForgotten()
    {
        var log = await StartAsync();
        var stream = await LoggedStream.OpenAsync(log, "ada");
        var run = new LogRun("t", "r", isEmbedded: false, "demo");
        stream.TryAppend(Noon, type: EventType.RunWaiting, run: run, question: new LogQuestion("q1", RequestKind.Text, "?") { Seq = 1 });
        stream.TryAppend(Noon + TimeSpan.FromHours(1), run: run);
        await stream.CommittedAsync(2);

        await log.ExpireAsync(Noon + TimeSpan.FromMinutes(1), CancellationToken.None);

        Assert.That((await log.FindRunAsync(stream.Lease, "t", "r", CancellationToken.None))!.Questions, Is.Empty);
    }
}

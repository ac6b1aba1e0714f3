using Netra.Pipeline.Events;
using Netra.Pipeline.Protocol;
using Netra.Pipeline.Runs;
using Netra.Pipeline.Storage;

namespace Netra.Pipeline.Tests.Runs;

/// <summary>A run that waits for answers is not silent, and its tools are not stuck; in times that are given.</summary>
[TestFixture]
[Parallelizable(ParallelScope.All)]
internal sealed class RunLifeQuestionTests
{
    private const long Second = TimeSpan.TicksPerSecond;
    private const long Day = TimeSpan.TicksPerDay;

    private static readonly RunLimits Limits = RunLimits.Default with { StuckToolAfter = TimeSpan.FromSeconds(10) };
    private static readonly long Lease = Limits.Lease.Ticks;

    [Test]
    public void Judge_WaitsForAnAnswer_NeitherStallsNorHasStuckTools()
    {
        var life = Started();
        life.OnEvent(EventType.ToolExecuting, new EventSubject("delete", "c1"), attempt: 1, now: Second);
        life.Ask(Question("q1", since: 2 * Second), 2 * Second);

        // An event of the run, a heartbeat: neither ends the wait.
        life.OnEvent(EventType.AgentThinking, default, attempt: 1, now: 3 * Second);
        life.OnToken(4 * Second);

        Assert.That(life.Judge(6 * Day, Limits), Is.EqualTo(RunVerdict.None));
        Assert.That(life.FindStuck(6 * Day, Limits), Is.Empty);
        Assert.That(life.IsWaitingAt(6 * Day));
        Assert.That(life.QuietAt(6 * Day), Is.Zero);
    }

    [Test]
    public void EndQuestion_BeginsTheLeaseAnewAndTheToolsClockGoesOn()
    {
        var life = Started();
        life.OnEvent(EventType.ToolExecuting, new EventSubject("delete", "c1"), attempt: 1, now: Second);
        life.Ask(Question("q1", since: 2 * Second), 2 * Second);

        Assert.That(life.EndQuestion("q1", Day), Is.Not.Null);

        Assert.That(life.Judge(Day + Lease - 1, Limits), Is.EqualTo(RunVerdict.None));
        Assert.That(life.Judge(Day + Lease, Limits), Is.EqualTo(RunVerdict.Stall));
        Assert.That(life.FindStuck(Day + (8 * Second), Limits), Is.Empty, "it ran for 9 s beside the wait");
        Assert.That(life.FindStuck(Day + (9 * Second), Limits), Has.Count.EqualTo(1));
        Assert.That(life.EndQuestion("q1", Day), Is.Null, "it ends once");
    }

    [Test]
    public void Ask_Several_WaitsUntilTheLastIsAnswered()
    {
        var life = Started();
        life.Ask(Question("q1", since: Second), Second);
        life.Ask(Question("q2", since: Second), Second);

        life.EndQuestion("q1", Day);

        Assert.That(life.IsWaitingAt(2 * Day));
        Assert.That(life.Questions.Select(static q => q.Question.RequestId), Is.EqualTo(new[] { "q2" }));
    }

    [Test]
    public void Ask_QuestionNotKeptAnyMore_WaitsNoLonger()
    {
        var life = Started();
        life.Ask(Question("q1", since: Second), Second);

        Assert.That(life.Judge(Second + (7 * Day) + Lease - 1, Limits), Is.EqualTo(RunVerdict.None));
        Assert.That(life.Judge(Second + (7 * Day) + Lease, Limits), Is.EqualTo(RunVerdict.Stall));
    }

    [Test]
    public void NextAttempt_AsksAnew()
    {
        var life = Started();
        life.Ask(Question("q1", since: Second), Second);

        life.OnEvent(EventType.AgentStarted, new EventSubject("a", Attempt: 2), attempt: 2, now: 2 * Second);

        Assert.That(life.Questions, Is.Empty);
        Assert.That(life.Judge((2 * Second) + Lease, Limits), Is.EqualTo(RunVerdict.Stall));
    }

    [Test]
    public void Ended_WaitsForNothing()
    {
        var life = Started();
        life.Ask(Question("q1", since: Second), Second);

        life.OnEvent(EventType.AgentFailed, new EventSubject("a"), attempt: 1, now: 2 * Second);

        Assert.That(life.Questions, Is.Empty);
    }

    private static RunLife Started()
    {
        var life = new RunLife(new RunKey("ada", "t1", "r1")) { IsWatched = true };
        life.OnEvent(EventType.AgentStarted, new EventSubject("a"), attempt: 1, now: 0);
        return life;
    }

    private static OpenQuestion Question(string id, long since)
        => new(new LogQuestion(id, RequestKind.Approval, "?"), since, since + Limits.QuestionsKept.Ticks);
}

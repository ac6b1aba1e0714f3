using Netra.Pipeline.Events;
using Netra.Pipeline.Protocol;
using Netra.Pipeline.Runs;

namespace Netra.Pipeline.Tests.Runs;

/// <summary>Spec M1: the order of a run's events, and how its tools' calls and completions are paired.</summary>
[TestFixture]
[Parallelizable(ParallelScope.All)]
internal sealed class RunOrderTests
{
    private static readonly EventSubject Agent = new("demo");

    [Test]
    public void Judge_RunAsItShouldBe_HasNoViolation()
    {
        var order = new RunOrder();

        Assert.That(
            new[]
            {
                order.Judge(EventType.AgentStarted, Agent, 1),
                order.Judge(EventType.AgentThinking, default, 2),
                order.Judge(EventType.ToolExecuting, new EventSubject("search", "c1"), 3),
                order.Judge(EventType.ToolExecuting, new EventSubject("search"), 3),
                order.Judge(EventType.ToolExecuting, new EventSubject("read"), 3),
                order.Judge(EventType.ToolCompleted, new EventSubject("search"), 4),
                order.Judge(EventType.ToolCompleted, new EventSubject("search", "c1"), 4),
                order.Judge(EventType.ToolCompleted, new EventSubject("read"), 4),
                order.Judge(EventType.AgentCompleted, Agent, 5),
            },
            Is.All.EqualTo(FlowViolation.None));
    }

    [TestCase(EventType.AgentThinking)]
    [TestCase(EventType.ToolExecuting)]
    [TestCase(EventType.ToolCompleted)]
    [TestCase(EventType.AgentCompleted)]
    [TestCase(EventType.AgentFailed)]
    [TestCase(EventType.AgentCancelled)]
    public void Judge_BeforeStarted_IsAViolationOnce(EventType type)
    {
        var order = new RunOrder();

        Assert.That(order.Judge(type, new EventSubject("x", "c1"), 1), Is.EqualTo(FlowViolation.NotStarted));
        Assert.That(order.Judge(EventType.AgentThinking, default, 2), Is.EqualTo(FlowViolation.None));
    }

    [TestCase(EventType.AgentStarted, FlowViolation.StartedTwice)]
    [TestCase(EventType.ToolExecuting, FlowViolation.CallIdInUse)]
    [TestCase(EventType.AgentCompleted, FlowViolation.ToolNotCompleted)]
    [TestCase(EventType.AgentFailed, FlowViolation.None)]
    [TestCase(EventType.AgentCancelled, FlowViolation.None)]
    public void Judge_WhileAToolRuns_IsJudged(EventType type, FlowViolation expected)
    {
        var order = Started();
        order.Judge(EventType.ToolExecuting, new EventSubject("search", "c1"), 1);

        Assert.That(order.Judge(type, new EventSubject("search", "c1"), 2), Is.EqualTo(expected));
    }

    [TestCase("c2")]
    [TestCase(null)]
    public void Judge_ToolCompletedThatWasNotCalled_IsAViolation(string? callId)
    {
        var order = Started();
        order.Judge(EventType.ToolExecuting, new EventSubject("search", "c1"), 1);

        Assert.That(
            order.Judge(EventType.ToolCompleted, new EventSubject("search", callId), 2), Is.EqualTo(FlowViolation.ToolNotExecuting));
    }

    [Test]
    public void Judge_SeveralUnnamedCallsOfOneTool_AreNotPairedSilently()
    {
        var order = Started();
        order.Judge(EventType.ToolExecuting, new EventSubject("search"), 1);
        order.Judge(EventType.ToolExecuting, new EventSubject("search"), 2);

        Assert.That(
            order.Judge(EventType.ToolCompleted, new EventSubject("search"), 3),
            Is.EqualTo(FlowViolation.ToolAmbiguous),
            "paired in order, and nobody was told");
        order.Judge(EventType.ToolExecuting, new EventSubject("search"), 4);
        Assert.That(order.Judge(EventType.ToolCompleted, new EventSubject("search"), 5), Is.EqualTo(FlowViolation.None), "once a run");
        Assert.That(order.Judge(EventType.ToolCompleted, new EventSubject("search"), 6), Is.EqualTo(FlowViolation.None));
        Assert.That(
            order.Judge(EventType.AgentCompleted, Agent, 7), Is.EqualTo(FlowViolation.None), "all have completed, whichever was which");
    }

    [Test]
    public void BecomePartial_RunOfTheLastProcess_IsNotJudgedByWhatNobodyHeard()
    {
        var order = new RunOrder();
        order.BecomePartial();

        Assert.That(order.Judge(EventType.ToolCompleted, new EventSubject("search", "c1"), 2), Is.EqualTo(FlowViolation.None));
        Assert.That(order.Judge(EventType.AgentCompleted, Agent, 3), Is.EqualTo(FlowViolation.None));
    }

    [Test]
    public void TryEndByServer_CallIsOpen_EndsItOnceAndItsPublisherMayStillSayHow()
    {
        var order = Started();
        var call = new EventSubject("search", "c1");
        Assert.That(order.TryEndByServer(call), Is.False, "it is not open");
        order.Judge(EventType.ToolExecuting, call, 1);

        Assert.That(order.TryEndByServer(call));
        Assert.That(order.Judge(EventType.ToolCompleted, call, 2), Is.EqualTo(FlowViolation.None), "the server's own");
        Assert.That(order.TryEndByServer(call), Is.False, "tried again");
        Assert.That(order.Judge(EventType.ToolCompleted, call, 3), Is.EqualTo(FlowViolation.None), "with less");
        Assert.That(order.Judge(EventType.ToolCompleted, call, 4), Is.EqualTo(FlowViolation.ToolNotExecuting), "once");
    }

    [Test]
    public void TryEndByServer_RunOfTheLastProcess_EndsEachCallOnce()
    {
        var order = new RunOrder();
        order.BecomePartial();

        Assert.That(order.TryEndByServer(new EventSubject("search", "c1")));
        Assert.That(order.TryEndByServer(new EventSubject("search", "c1")), Is.False);
        Assert.That(order.TryEndByServer(new EventSubject("search", "c2")));
    }

    [Test]
    public void Reset_AnotherAttempt_IsJudgedFromItsBeginning()
    {
        var order = Started();
        order.Judge(EventType.ToolExecuting, new EventSubject("search", "c1"), 1);
        order.Judge(EventType.ToolExecuting, new EventSubject("read"), 1);
        order.FindStuck(10, 5)[0].IsReported = true;
        order.Reset();

        Assert.That((order.FindStuck(100, 5).Count, order.HasReported, order.OldestSince()), Is.EqualTo((0, false, (long?)null)));
        Assert.That(order.Judge(EventType.AgentStarted, Agent, 11), Is.EqualTo(FlowViolation.None));
        Assert.That(order.Judge(EventType.ToolExecuting, new EventSubject("search", "c1"), 11), Is.EqualTo(FlowViolation.None));
        Assert.That(order.Judge(EventType.ToolCompleted, new EventSubject("read"), 12), Is.EqualTo(FlowViolation.ToolNotExecuting));
        Assert.That(order.Judge(EventType.AgentStarted, Agent, 13), Is.EqualTo(FlowViolation.StartedTwice));
    }

    [Test]
    public void Reset_RunOfTheLastProcess_IsJudgedAgain()
    {
        var order = new RunOrder();
        order.BecomePartial();
        order.Reset();
        order.Judge(EventType.AgentStarted, Agent, 1);

        Assert.That(order.Judge(EventType.ToolCompleted, new EventSubject("search", "c1"), 2), Is.EqualTo(FlowViolation.ToolNotExecuting));
    }

    private static RunOrder Started()
    {
        var order = new RunOrder();
        order.Judge(EventType.AgentStarted, Agent, 0);
        return order;
    }
}

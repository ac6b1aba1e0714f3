using Netra.Pipeline.Failures;

namespace Netra.Pipeline.Tests.Failures;

/// <summary>The funnel when failures repeat: everything is counted, and told once a second.</summary>
[TestFixture]
[Parallelizable(ParallelScope.All)]
internal sealed class FailureCoalescingTests
{
    private static readonly FailureScope Scope = new("token", "ada", "t1", "r7");

    [Test]
    public void Report_TenThousandOfAUser_IsOneLineOneErrorAndOneOfEachASecond()
    {
        using var test = new ReporterUnderTest();
        var observed = 0;
        test.Reporter.Subscribe(_ => observed++);

        for (var i = 0; i < 10_000; i++)
        {
            test.Reporter.Report(BufferOverflowException.EventTooLarge(Scope, 300 + i, 256));
        }

        Assert.That((test.Logs.Count, test.Told.Count), Is.EqualTo((1, 1)));
        test.Time.Advance(TimeSpan.FromSeconds(1));
        test.Reporter.TellDue();
        Assert.That((test.Logs.Count, test.Told.Count), Is.EqualTo((2, 2)));
        Assert.That(test.Logs[1].Message, Does.EndWith(" and 9998 more"));
        Assert.That(test.Logs[1].Values["Count"], Is.EqualTo(9_999));
        var told = test.Told[1].Message;
        Assert.That((told.Numbers!["count"], told.RunId, told.Numbers["size"]), Is.EqualTo((9_999, "r7", 10_299)));
        Assert.That(told.Message, Does.EndWith("(and 9998 more)"));
        Assert.That(test.Counted(FailureCode.EventTooLarge), Is.EqualTo(10_000));
        Assert.That(observed, Is.EqualTo(10_000));
        Assert.That(test.Feed.Total, Is.EqualTo(10_000));
        Assert.That(test.Feed.Latest(10).Select(static failure => failure.Count), Is.EqualTo(new[] { 9_999, 1 }));
    }

    [Test]
    public void Report_OfManyRuns_NamesOnlyWhatAllHaveInCommon()
    {
        using var test = new ReporterUnderTest();

        foreach (var run in new[] { "r1", "r2", "r3" })
        {
            test.Reporter.Report(SendFailureException.LogFull(Scope with { RunId = run }, "10 events"));
        }

        test.Reporter.TellAll();
        var told = test.Told[1].Message;
        Assert.That((told.ThreadId, told.RunId, told.Numbers!["count"]), Is.EqualTo(("t1", (string?)null, 2)));
        Assert.That(test.Logs[1].Values.ContainsKey("RunId"), Is.False);
    }

    [Test]
    public void Report_OfManyUsers_IsToldToEach()
    {
        using var test = new ReporterUnderTest();

        foreach (var user in new[] { "ada", "bob", "ada", "bob" })
        {
            test.Reporter.Report(SendFailureException.LogFull(Scope with { UserId = user }, "10 events"));
        }

        test.Reporter.TellAll();
        Assert.That(test.Told.Select(static told => told.User), Is.EquivalentTo(new[] { "ada", "bob", "ada", "bob" }));
    }

    [Test]
    public void Report_OfMoreUsersThanAreToldApart_IsBoundedInTheLogAndEachUserIsTold()
    {
        using var test = new ReporterUnderTest();
        const int Users = FailureReporter.MaxKinds + 500;

        for (var i = 0; i < Users; i++)
        {
            test.Reporter.Report(SendFailureException.LogFull(Scope with { UserId = $"user-{i}" }, "10 events"));
        }

        test.Reporter.TellAll();
        Assert.That(test.Logs, Has.Count.EqualTo(FailureReporter.MaxKinds + 2));
        Assert.That(test.Logs.Sum(static log => log.Values.TryGetValue("Count", out var count) ? (long)count! : 1), Is.EqualTo(Users));
        Assert.That(test.Told.Select(static told => told.User), Is.Unique.And.Exactly(Users).Items);
        Assert.That(test.Feed.Total, Is.EqualTo(Users));
    }

    [Test]
    public void Report_OfNobody_IsToldApartByOperation()
    {
        using var test = new ReporterUnderTest();

        test.Reporter.Report(new Failure(FailureCode.BackgroundFailed, "retention", "one"));
        test.Reporter.Report(new Failure(FailureCode.BackgroundFailed, "upkeep", "two"));

        Assert.That(test.Logs.Select(static log => log.Values["Reason"]), Is.EqualTo(new[] { "one", "two" }));
    }

    [Test]
    public void Report_ThatStandsForMany_CountsThemAll()
    {
        using var test = new ReporterUnderTest();

        test.Reporter.Report(Failure.In(FailureCode.LeaseExpired, Scope, "7 runs said nothing") with { Count = 7 });

        Assert.That((test.Counted(FailureCode.LeaseExpired), test.Feed.Total), Is.EqualTo((7, 7)));
        Assert.That(test.Told.Single().Message.Numbers!["count"], Is.EqualTo(7));
    }

    [Test]
    public void Dispose_WithFailuresHeldBack_TellsThem()
    {
        var test = new ReporterUnderTest();
        test.Reporter.Report(SendFailureException.LogFull(Scope, "1"));
        test.Reporter.Report(SendFailureException.LogFull(Scope, "2"));

        test.Dispose();

        Assert.That((test.Logs.Count, test.Told.Count), Is.EqualTo((2, 2)));
    }

    [Test]
    public void Line_OfLittle_SaysNothingOfWhatIsNotThere()
    {
        using var test = new ReporterUnderTest();

        test.Reporter.Report(new Failure(FailureCode.SendFailed, "Flush", "the disk is full"));
        test.Reporter.Report(new Failure(FailureCode.AgentFailed, "RunAgent", "no model") { UserId = "ada", RunId = "r1" });
        test.Reporter.Report(
            new Failure(FailureCode.EventTooLarge, "Publish", "too long") { UserId = "ada", EventType = "tool_completed", CallId = "c1" });

        Assert.That(test.Logs.Select(static log => log.Message), Is.EqualTo(new[]
        {
            "send_failed in Flush: the disk is full",
            "agent_failed in RunAgent: no model [user ada, run r1]",
            "BUFFER OVERFLOW: event_too_large in Publish: too long [user ada, event tool_completed, call c1]",
        }));
        Assert.That(test.Logs[0].Values.Keys, Is.EqualTo(new[] { "Code", "Operation", "Reason", "{OriginalFormat}" }));
        Assert.That(test.Logs[1].Values.Keys, Does.Contain("UserId").And.Contain("RunId").And.Not.Contain("ThreadId"));
    }

    [Test]
    public void Line_OfOurOwnException_HasNoStackTraceButThatOfItsCause()
    {
        using var test = new ReporterUnderTest();
        var cause = new IOException("disk on fire");

        test.Reporter.Report(SendFailureException.RunEnded(Scope, "token"));
        test.Reporter.Report(SendFailureException.LogFailed(Scope, "it threw", innerException: cause));
        test.Reporter.Report(Failure.In(FailureCode.AgentFailed, Scope, "no model") with { Exception = cause });

        Assert.That(test.Logs.Select(static log => log.Exception), Is.EqualTo(new[] { null, cause, cause }));
    }
}

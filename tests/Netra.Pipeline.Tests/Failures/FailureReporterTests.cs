using Microsoft.Extensions.Logging;
using Netra.Pipeline.Diagnostics;
using Netra.Pipeline.Failures;
using Netra.Pipeline.Tests.Infrastructure;

namespace Netra.Pipeline.Tests.Failures;

public sealed class FailureReporterTests
{
    private static readonly FailureScope Scope = new("EmitToken", "ada", "t1", "r7");

    [TestCaseSource(typeof(FailureCodesTests), nameof(FailureCodesTests.Codes))]
    public void Report_EveryCode_IsLoggedCountedAndFedOnce(FailureCode code)
    {
        using var test = new ReporterUnderTest();
        var info = FailureCodes.Describe(code);

        test.Reporter.Report(Failure.In(code, Scope, "what happened") with
        {
            ConnectionId = "c-1",
            MessageId = "m1",
            Numbers = new Dictionary<string, long>(StringComparer.Ordinal) { ["size"] = 300, ["limit"] = 256 },
        });

        var log = test.Logs.Single();
        Assert.Multiple(() =>
        {
            Assert.That(log.Level, Is.EqualTo(info.Severity == FailureSeverity.Critical ? LogLevel.Critical : LogLevel.Error));
            Assert.That(log.Message, Does.StartWith(info.LogPrefix is null ? info.WireName : $"{info.LogPrefix} {info.WireName}"));
            Assert.That(log.Message, Does.Contain("what happened"));
            Assert.That(log.Values["Code"], Is.EqualTo(info.WireName));
            Assert.That(log.Values["Operation"], Is.EqualTo("EmitToken"));
            Assert.That(log.Values["UserId"], Is.EqualTo("ada"));
            Assert.That(log.Values["ThreadId"], Is.EqualTo("t1"));
            Assert.That(log.Values["RunId"], Is.EqualTo("r7"));
            Assert.That(log.Values["ConnectionId"], Is.EqualTo("c-1"));
            Assert.That(log.Values["MessageId"], Is.EqualTo("m1"));
            Assert.That(log.Values["Numbers"], Is.EqualTo("size=300, limit=256"));
            Assert.That(log.EventId.Id, Is.EqualTo(info.LogPrefix is null ? EventIds.FailureReported : EventIds.PrefixedFailureReported));
            Assert.That(test.Counted(code), Is.EqualTo(1));
            Assert.That(test.Metrics.Measurements.Single().Unit, Is.EqualTo("{failure}"));
            Assert.That(test.Feed.Latest(10).Single().Code, Is.EqualTo(code));
            Assert.That(test.Told, Is.Empty, "what answers a client message is told by its answer");
        });
    }

    [Test]
    public void Report_FailureOfAUser_TellsThatUserTheCase()
    {
        using var test = new ReporterUnderTest();
        var exception = BufferOverflowException.EventTooLarge(Scope, size: 300, limit: 256);

        test.Reporter.Report(exception);

        var (user, message) = test.Told.Single();
        Assert.Multiple(() =>
        {
            Assert.That(user, Is.EqualTo("ada"));
            Assert.That(message.Code, Is.EqualTo("event_too_large"));
            Assert.That(message.Message, Is.EqualTo(exception.Message));
            Assert.That(message.Severity, Is.EqualTo("error"));
            Assert.That(message.Timestamp, Is.EqualTo((TestTimeProvider.Start - DateTimeOffset.UnixEpoch).TotalSeconds).Within(1e-6));
            Assert.That(message.ThreadId, Is.EqualTo("t1"));
            Assert.That(message.RunId, Is.EqualTo("r7"));
            Assert.That(message.Id, Is.Null);
            Assert.That(message.Numbers, Is.EquivalentTo(exception.Numbers));
        });
    }

    [TestCaseSource(typeof(FailureCodesTests), nameof(FailureCodesTests.Codes))]
    public void Report_EveryCode_IsToldToTheUserWhoIsMissingSomething(FailureCode code)
    {
        using var test = new ReporterUnderTest();

        test.Reporter.Report(Failure.In(code, Scope, "what happened"));

        Assert.That(
            test.Told.Select(static told => told.Message.Code),
            Is.EqualTo(FailureCodes.Describe(code).ShowToUser ? new[] { FailureCodes.WireName(code) } : []));
    }

    [Test]
    public void Report_CriticalFailure_IsShownAsCritical()
    {
        using var test = new ReporterUnderTest();

        test.Reporter.Report(Failure.In(FailureCode.CriticalDeliveryFailed, Scope, "number 7 stayed unconfirmed"));

        Assert.That(test.Told.Single().Message.Severity, Is.EqualTo("critical"));
    }

    [Test]
    public void Report_StoringOfANumberedEventIsNotConfirmed_IsItsPublishersToKnow()
    {
        using var test = new ReporterUnderTest();

        test.Reporter.Report(SendFailureException.LogFailed(Scope, "nothing was committed", seq: 7));
        Assert.That(test.Told, Is.Empty, "the user has it, or gets it");

        test.Reporter.Report(SendFailureException.LogFailed(new FailureScope("Flush", "bob"), "nothing was committed"));
        Assert.That(test.Told.Single().User, Is.EqualTo("bob"), "who is missing something");
        Assert.That(test.Feed.Total, Is.EqualTo(2));
    }

    [Test]
    public void Report_FailureOfNoUser_TellsNobody()
    {
        using var test = new ReporterUnderTest();

        test.Reporter.Report(new Failure(FailureCode.SendFailed, "Flush", "the disk is full"));

        Assert.That(test.Told, Is.Empty);
        Assert.That(test.Feed.Total, Is.EqualTo(1));
    }

    [Test]
    public void Report_SameExceptionTwice_IsReportedOnce()
    {
        using var test = new ReporterUnderTest();
        var exception = SendFailureException.RunEnded(Scope, "token");

        test.Reporter.Report(exception);
        test.Reporter.Report(exception);

        Assert.That(test.Feed.Total, Is.EqualTo(1));
        Assert.That(test.Counted(FailureCode.RunEnded), Is.EqualTo(1));
        Assert.That(test.Logs, Has.Count.EqualTo(1));
    }

    [Test]
    public void Report_EqualExceptions_AreReportedEach()
    {
        using var test = new ReporterUnderTest();

        test.Reporter.Report(SendFailureException.RunEnded(Scope, "token"));
        test.Reporter.Report(SendFailureException.RunEnded(Scope, "token"));

        Assert.That(test.Feed.Total, Is.EqualTo(2));
    }

    [Test]
    public void Report_SameExceptionFromManyThreads_IsReportedOnce()
    {
        using var test = new ReporterUnderTest();
        var exception = SendFailureException.RunEnded(Scope, "token");

        Parallel.For(0, 100, _ => test.Reporter.Report(exception));

        Assert.That(test.Feed.Total, Is.EqualTo(1));
    }

    [Test]
    public void Report_WithoutTime_IsStampedWithNow()
    {
        using var test = new ReporterUnderTest();
        test.Time.Advance(TimeSpan.FromSeconds(5));

        test.Reporter.Report(new Failure(FailureCode.SendFailed, "Flush", "the disk is full"));

        Assert.That(test.Feed.Latest(1)[0].Time, Is.EqualTo(TestTimeProvider.Start + TimeSpan.FromSeconds(5)));
    }

    [Test]
    public void Report_TellingFails_DoesNotThrowAndLogsThatToo()
    {
        var broken = new InvalidOperationException("no connections");
        using var test = new ReporterUnderTest(tell: (_, _, _) => throw broken);

        Assert.That(() => test.Reporter.Report(SendFailureException.LogFull(Scope, "10 events")), Throws.Nothing);

        Assert.That(test.Feed.Total, Is.EqualTo(1));
        var log = test.Logs[^1];
        Assert.That(log.EventId.Id, Is.EqualTo(EventIds.FailureReportingFailed));
        Assert.That(log.Level, Is.EqualTo(LogLevel.Critical));
        Assert.That(log.Exception, Is.SameAs(broken));
    }

    [Test]
    public void Report_LogFails_DoesNotThrowAndStillCountsFeedsAndTells()
    {
        using var test = new ReporterUnderTest(logger: new ThrowingLogger());

        Assert.That(() => test.Reporter.Report(SendFailureException.LogFull(Scope, "10 events")), Throws.Nothing);

        Assert.That(test.Feed.Total, Is.EqualTo(1));
        Assert.That(test.Counted(FailureCode.LogFull), Is.EqualTo(1));
        Assert.That(test.Told, Has.Count.EqualTo(1));
    }

    [Test]
    public void Report_HugeMessage_IsCutForTheUserOnly()
    {
        using var test = new ReporterUnderTest();
        var message = new string('x', 1_000_000);

        test.Reporter.Report(Failure.In(FailureCode.AgentFailed, Scope, message));

        Assert.That(test.Told.Single().Message.Message, Has.Length.LessThan(2100));
        Assert.That(test.Feed.Latest(1)[0].Message, Is.EqualTo(message));
    }

    [Test]
    public void Report_MessageWithHalfASurrogatePair_StillReachesTheUser()
    {
        using var test = new ReporterUnderTest();

        test.Reporter.Report(Failure.In(FailureCode.AgentFailed, Scope, "broken \ud83d text"));

        Assert.That(test.Told.Single().Message.Message, Is.EqualTo("broken \ufffd text"));
    }
}

using System.Diagnostics;
using Microsoft.Extensions.Logging;
using Netra.Pipeline.Contexts;
using Netra.Pipeline.Diagnostics;
using Netra.Pipeline.Failures;
using Netra.Pipeline.Tests.Failures;

namespace Netra.Pipeline.Tests.Contexts;

public sealed class UserExecutionContextFactoryTests
{
    private ReporterUnderTest _failures = null!;
    private UserExecutionContextFactory _factory = null!;

    [SetUp]
    public void SetUp()
    {
        _failures = new ReporterUnderTest();
        _factory = new UserExecutionContextFactory(_failures.Reporter);
    }

    [TearDown]
    public void TearDown() => _failures.Dispose();

    [Test]
    public void Create_Valid_KeepsEverything()
    {
        var trace = new TraceContext("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");

        var context = _factory.Create("ada", "t1", "r7", "q3", trace);

        Assert.Multiple(() =>
        {
            Assert.That(context.UserId, Is.EqualTo("ada"));
            Assert.That(context.ThreadId, Is.EqualTo("t1"));
            Assert.That(context.RunId, Is.EqualTo("r7"));
            Assert.That(context.RequestId, Is.EqualTo("q3"));
            Assert.That(context.Trace, Is.SameAs(trace));
            Assert.That(context.IsSystem, Is.False);
            Assert.That(context.ScopeOf("EmitToken"), Is.EqualTo(new FailureScope("EmitToken", "ada", "t1", "r7")));
            Assert.That(_failures.Feed.Total, Is.Zero);
        });
    }

    [Test]
    public void Create_WithoutRequestId_MakesANewOneEachTime()
    {
        var first = _factory.Create("ada", "t1", "r7").RequestId;
        var second = _factory.Create("ada", "t1", "r7").RequestId;

        Assert.That(first, Is.Not.Empty.And.Not.EqualTo(second));
    }

    [Test]
    public void Create_WithoutTrace_TakesTheCurrentOne()
    {
        using var activity = new Activity("test").SetIdFormat(ActivityIdFormat.W3C).Start();

        Assert.That(_factory.Create("ada", "t1", "r7").Trace!.TraceParent, Is.EqualTo(activity.Id));
    }

    [Test]
    public void Create_SeveralProblems_RaisesAllAtOnceAndReportsThem()
    {
        var exception = Assert.Throws<ContextValidationException>(() => _factory.Create("$root", "t1", "", "a\tb"))!;

        Assert.Multiple(() =>
        {
            Assert.That(exception.Code, Is.EqualTo(FailureCode.ContextInvalid));
            Assert.That(exception.Problems, Has.Count.EqualTo(3));
            Assert.That(exception.Problems[0], Does.StartWith("user_id"));
            Assert.That(exception.Problems[1], Does.StartWith("run_id"));
            Assert.That(exception.Problems[2], Does.StartWith("request_id"));
            Assert.That(_failures.Logs.Single().Level, Is.EqualTo(LogLevel.Error));
            Assert.That(_failures.Logs.Single().Message, Does.Contain(exception.Problems[0]));
            Assert.That(_failures.Counted(FailureCode.ContextInvalid), Is.EqualTo(1));
        });
    }

    [Test]
    public void Create_OnlyUserMissing_IsInvalid()
    {
        var exception = Assert.Throws<ContextValidationException>(() => _factory.Create(null, "t1", "r7"))!;

        Assert.That(exception.Code, Is.EqualTo(FailureCode.ContextInvalid));
        Assert.That(exception.Problems, Is.EqualTo(new[] { "user_id is missing" }));
    }

    [Test]
    public void Create_InvalidUserId_DoesNotReachLogsOrUsers()
    {
        Assert.Throws<ContextValidationException>(() => _factory.Create("ada\nCRITICAL forged", "t1", "r7"));

        Assert.That(_failures.Logs.Single().Message, Does.Not.Contain("forged"));
        Assert.That(_failures.Logs.Single().Values["ThreadId"], Is.EqualTo("t1"));
        Assert.That(_failures.Told, Is.Empty);
    }

    [Test]
    public void Create_InvalidRunOfAValidUser_NamesThatUserAndTellsTheOperatorAlone()
    {
        Assert.Throws<ContextValidationException>(() => _factory.Create("ada", "t1", ""));

        Assert.That(_failures.Logs.Single().Values["UserId"], Is.EqualTo("ada"));
        Assert.That(_failures.Told, Is.Empty);
    }

    [Test]
    public void Create_NothingGiven_IsMissingContextAtCritical()
    {
        var exception = Assert.Throws<ContextValidationException>(() => _factory.Create(null, null, null))!;

        Assert.That(exception.Code, Is.EqualTo(FailureCode.ContextMissing));
        Assert.That(_failures.Logs.Single().Level, Is.EqualTo(LogLevel.Critical));
        Assert.That(_failures.Logs.Single().Message, Does.StartWith("MISSING CONTEXT:"));
    }

    [Test]
    public void Require_Absent_IsMissingContextAtCriticalAndRaises()
    {
        var exception = Assert.Throws<ContextValidationException>(() => _factory.Require(null, "ExecuteTool"))!;

        Assert.That(exception.Code, Is.EqualTo(FailureCode.ContextMissing));
        Assert.That(exception.Operation, Is.EqualTo("ExecuteTool"));
        Assert.That(_failures.Logs.Single().Level, Is.EqualTo(LogLevel.Critical));
        Assert.That(_failures.Logs.Single().Message, Does.StartWith("MISSING CONTEXT:"));
    }

    [Test]
    public void Require_Present_IsThatContext()
    {
        var context = _factory.Create("ada", "t1", "r7");

        Assert.That(_factory.Require(context, "ExecuteTool"), Is.SameAs(context));
    }

    [Test]
    public void CreateSystem_Operation_IsReservedUserWithANewRun()
    {
        var first = _factory.CreateSystem("supervisor");
        var second = _factory.CreateSystem("supervisor");

        Assert.Multiple(() =>
        {
            Assert.That(first.UserId, Is.EqualTo("$system"));
            Assert.That(first.ThreadId, Is.EqualTo("supervisor"));
            Assert.That(first.IsSystem, Is.True);
            Assert.That(first.RunId, Is.Not.EqualTo(second.RunId));
        });
    }

    [Test]
    public void CreateSystem_ReservedUser_IsThatUser() =>
        Assert.That(_factory.CreateSystem("$verification", "startup").UserId, Is.EqualTo("$verification"));

    [TestCase("ada", "x")]
    [TestCase("$", "x")]
    [TestCase("$a\n", "x")]
    [TestCase("$system", "")]
    public void CreateSystem_NotValid_Throws(string userId, string operation) =>
        Assert.That(() => _factory.CreateSystem(userId, operation), Throws.ArgumentException);
}

using System.Text.Json;
using Netra.Pipeline.Failures;
using Netra.Pipeline.Protocol;

namespace Netra.Pipeline.Tests.Failures;

public sealed class PipelineExceptionTests
{
    private static readonly FailureScope Scope = new("EmitToken", "ada", "t1", "r7");

    private static readonly OverflowedConnection[] Full =
    [
        new("c-1", 1024, 5000, 1024, 1_048_576),
        new("c-2", 10, 1_048_570, 1024, 1_048_576),
    ];

    private static readonly Exception Cause = new IOException("the disk is full");

    public static IEnumerable<TestCaseData<PipelineException, FailureCode>> Exceptions =>
    [
        new(BridgeUnavailableException.Failed(Scope, "the log is gone", Cause), FailureCode.BridgeUnavailable),
        new(BridgeUnavailableException.Draining(Scope), FailureCode.Draining),
        new(new NotInitializedException(Scope, "initializing"), FailureCode.NotInitialized),
        new(ContextValidationException.Missing(Scope), FailureCode.ContextMissing),
        new(ContextValidationException.Invalid(Scope, ["user_id is empty", "run_id is missing"]), FailureCode.ContextInvalid),
        new(SendFailureException.InvalidEvent(Scope, "data", "must be an object"), FailureCode.InvalidEvent),
        new(SendFailureException.RunEnded(Scope, "token"), FailureCode.RunEnded),
        new(SendFailureException.LogFull(Scope, "8192 bytes (Netra:Log:InMemory:MaxBytes)"), FailureCode.LogFull),
        new(SendFailureException.LogFailed(Scope, "the disk is full", innerException: Cause), FailureCode.LogFailed),
        new(SendFailureException.LogFailed(Scope, "the disk is full", seq: 58), FailureCode.LogFailed),
        new(SendFailureException.NotSent(Scope, "it broke", innerException: Cause), FailureCode.SendFailed),
        new(AnswerRefusedException.Unknown(Scope, "q1"), FailureCode.RequestUnknown),
        new(AnswerRefusedException.Closed(Scope, "q1"), FailureCode.RequestClosed),
        new(AnswerRefusedException.Answered(Scope, "q1", "bob", 58), FailureCode.AlreadyAnswered),
        new(AnswerRefusedException.Invalid(Scope, "q1", "must be true or false"), FailureCode.InvalidAnswer),
        new(BufferOverflowException.QueueFull(Scope, 58, "abc-58", Full), FailureCode.BufferOverflow),
        new(BufferOverflowException.EventTooLarge(Scope, 300_000, 262_144), FailureCode.EventTooLarge),
        new(BufferOverflowException.WaitTimedOut(Scope, TimeSpan.FromSeconds(2), Full), FailureCode.OverflowTimeout),
        new(AgentCommunicationException.CallFailed(Scope, "planner", "searcher", "it broke", Cause), FailureCode.AgentCommunication),
        new(AgentCommunicationException.AgentUnknown(Scope, "planner", "searcher"), FailureCode.AgentUnknown),
        new(AgentCommunicationException.ToolUnknown(Scope, "planner", "web"), FailureCode.ToolUnknown),
        new(new ConnectionLostException(Scope, "c-1", "ping_timeout", Cause), FailureCode.ConnectionLost),
        new(new EventDroppedException(Scope, 5, 9, GapCause.Expired), FailureCode.EventDropped),
        new(StartupVerificationException.Failed(Scope, ["no answer", "no log"]), FailureCode.StartupVerification),
        new(StartupVerificationException.WiringInvalid(Scope, ["agent a has no model"]), FailureCode.WiringInvalid),
    ];

    [TestCaseSource(nameof(Exceptions))]
    public void ToDictionary_EveryException_HasTheCaseAsPlainValues(PipelineException exception, FailureCode code)
    {
        var values = exception.ToDictionary();

        Assert.Multiple(() =>
        {
            Assert.That(exception.Code, Is.EqualTo(code));
            Assert.That(exception.Category, Is.EqualTo(FailureCodes.Describe(code).Category));
            Assert.That(values["error_type"], Is.EqualTo(exception.GetType().Name));
            Assert.That(values["code"], Is.EqualTo(FailureCodes.WireName(code)));
            Assert.That(values["category"], Is.EqualTo(exception.Category.ToString()));
            Assert.That(values["operation"], Is.EqualTo("EmitToken"));
            Assert.That(values["user_id"], Is.EqualTo("ada"));
            Assert.That(values["thread_id"], Is.EqualTo("t1"));
            Assert.That(values["run_id"], Is.EqualTo("r7"));
            Assert.That(values["message"], Is.EqualTo(exception.Message));
            Assert.That(values["numbers"], Is.EqualTo(exception.Numbers));
            Assert.That(values["cause"], exception.InnerException is null ? Is.Null : Is.EqualTo("IOException: the disk is full"));
            Assert.That(() => JsonSerializer.Serialize(values), Throws.Nothing);
        });
    }

    [TestCaseSource(nameof(Exceptions))]
    public void From_EveryException_KeepsItsCase(PipelineException exception, FailureCode code)
    {
        var failure = Failure.From(exception);

        Assert.Multiple(() =>
        {
            Assert.That(failure.Code, Is.EqualTo(code));
            Assert.That(failure.Operation, Is.EqualTo(exception.Operation));
            Assert.That(failure.Message, Is.EqualTo(exception.Message));
            Assert.That(failure.UserId, Is.EqualTo("ada"));
            Assert.That(failure.ThreadId, Is.EqualTo("t1"));
            Assert.That(failure.RunId, Is.EqualTo("r7"));
            Assert.That(failure.Numbers, Is.SameAs(exception.Numbers));
            Assert.That(failure.Exception, Is.SameAs(exception));
            Assert.That(failure.ConnectionId, Is.EqualTo((exception as ConnectionLostException)?.ConnectionId));
        });
    }

    [Test]
    public void Exceptions_AllLeaves_AreTested()
    {
        var leaves = typeof(PipelineException).Assembly.GetTypes().Where(type => type.IsSubclassOf(typeof(PipelineException))).ToList();

        Assert.That(leaves, Has.All.Property(nameof(Type.IsSealed)).True);
        Assert.That(Exceptions.Select(test => test.Arguments[0]!.GetType()).Distinct(), Is.EquivalentTo(leaves));
    }

    [Test]
    public void QueueFull_TwoConnections_NamesValuesLimitsAndOptions()
    {
        var exception = BufferOverflowException.QueueFull(Scope, 58, "abc-58", Full);

        Assert.Multiple(() =>
        {
            Assert.That(exception.Accepted, Is.True);
            Assert.That(exception.Seq, Is.EqualTo(58));
            Assert.That(exception.EventId, Is.EqualTo("abc-58"));
            Assert.That(exception.Connections, Is.EqualTo(Full));
            Assert.That(exception.Message, Does.Contain("c-1").And.Contain("1024 of 1024 frames (Netra:Connections:QueueFrames)"));
            Assert.That(exception.Numbers["seq"], Is.EqualTo(58));
            Assert.That(exception.Numbers["connections"], Is.EqualTo(2));
            Assert.That(exception.Numbers["frame_limit"], Is.EqualTo(1024));
        });
    }

    [Test]
    public void EventTooLarge_Always_NamesSizeLimitAndOption()
    {
        var exception = BufferOverflowException.EventTooLarge(Scope, 300_000, 262_144);

        Assert.Multiple(() =>
        {
            Assert.That(exception.Accepted, Is.False);
            Assert.That(exception.Size, Is.EqualTo(300_000));
            Assert.That(exception.Limit, Is.EqualTo(262_144));
            Assert.That(exception.Message, Does.Contain("300000").And.Contain("262144").And.Contain("Netra:Streams:MaxEventBytes"));
        });
    }

    [Test]
    public void WaitTimedOut_AQueueThatIsNotFull_IsNotCalledFull()
    {
        var exception = BufferOverflowException.WaitTimedOut(
            Scope, TimeSpan.FromSeconds(2), [new OverflowedConnection("c-1", 256, 60_000, 1024, 1_048_576)]);

        Assert.That(exception.Message, Does.Not.Contain("is full"));
        Assert.That(exception.Message, Does.Contain("connection c-1 has no room for who can wait").And.Contain("256 of 1024 frames"));
    }

    [Test]
    public void WaitTimedOut_ConnectionsGoneMeanwhile_IsNotAccepted()
    {
        var exception = BufferOverflowException.WaitTimedOut(Scope, TimeSpan.FromSeconds(2), []);

        Assert.That(exception.Accepted, Is.False);
        Assert.That(exception.Numbers["timeout_ms"], Is.EqualTo(2000));
    }

    [Test]
    public void LogFailed_Numbered_IsAccepted()
    {
        Assert.That(SendFailureException.LogFailed(Scope, "the disk is full", seq: 58).Accepted, Is.True);
        Assert.That(SendFailureException.LogFailed(Scope, "the disk is full").Accepted, Is.False);
    }

    [Test]
    public void Invalid_SeveralProblems_NamesThemAll()
    {
        var exception = ContextValidationException.Invalid(Scope, ["user_id is empty", "run_id is missing"]);

        Assert.That(exception.Problems, Is.EqualTo(new[] { "user_id is empty", "run_id is missing" }));
        Assert.That(exception.Message, Does.Contain("user_id is empty").And.Contain("run_id is missing"));
    }

    [Test]
    public void EventDropped_Range_CountsBothEnds() =>
        Assert.That(new EventDroppedException(Scope, 5, 9, GapCause.Expired).Numbers["events"], Is.EqualTo(5));

    [Test]
    public void Exception_WithoutOperation_Throws() =>
        Assert.That(() => BridgeUnavailableException.Draining(default), Throws.ArgumentException);
}

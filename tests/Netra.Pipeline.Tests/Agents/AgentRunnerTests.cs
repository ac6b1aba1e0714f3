using System.Runtime.CompilerServices;
using Netra.Pipeline.Agents;
using Netra.Pipeline.Failures;
using Netra.Pipeline.Protocol;

namespace Netra.Pipeline.Tests.Agents;

/// <summary>Every way in which a run can go, and that it is told from its beginning to exactly one end.</summary>
[Parallelizable(ParallelScope.All)]
internal sealed class AgentRunnerTests
{
    [Test]
    public async Task Run_AgentReturns_IsToldFromStartedToCompleted()
    {
        await using var host = await AgentHost.StartAsync();

        var answer = await host.RunAsync();

        var events = await host.EventsAsync();
        Assert.Multiple(() =>
        {
            Assert.That(answer, Is.EqualTo("Hello"));
            Assert.That(events.Select(message => message.Type), Is.EqualTo(new[] { "agent_started", "token", "token", "agent_completed" }));
            Assert.That(events.Select(message => message.RunId), Is.All.EqualTo("r1"));
            Assert.That(events[0].Data.GetProperty("agent_name").GetString(), Is.EqualTo("scripted"));
            Assert.That(events[0].Data.GetProperty("metadata").GetProperty("question").GetString(), Is.EqualTo("What?"));
            Assert.That(events[0].Data.TryGetProperty("parent_run_id", out _), Is.False);
            Assert.That(events[3].Data.GetProperty("duration_ms").GetDouble(), Is.GreaterThan(0));
            Assert.That(host.Runner.OpenRunCount, Is.Zero);
            Assert.That(host.Reported, Is.Empty);
        });
    }

    [Test]
    public async Task Run_LongQuestion_IsShownByItsBeginning()
    {
        await using var host = await AgentHost.StartAsync(("Netra:Agents:QuestionPreviewLength", "5"));

        await host.Runner.RunAsync("scripted", "1234😀678", host.Context());

        // Five characters would cut the emoji in half.
        Assert.That((await host.EventsAsync())[0].Data.GetProperty("metadata").GetProperty("question").GetString(), Is.EqualTo("1234"));
    }

    [Test]
    public async Task Run_AgentThrows_IsToldAsFailedReportedOnceAndRaisedAsItIs()
    {
        await using var host = await AgentHost.StartAsync();
        host.Scripts.Agent = ThrowAfterAPiece;

        Assert.That(async () => await host.RunAsync(), Throws.TypeOf<FormatException>().With.Message.EqualTo("broken"));

        var events = await host.EventsAsync();
        Assert.Multiple(() =>
        {
            Assert.That(events.Select(message => message.Type), Is.EqualTo(new[] { "agent_started", "token", "agent_failed" }));
            Assert.That(events[2].Data.GetProperty("error").GetRawText(), Is.EqualTo("""{"code":"agent_failed","message":"broken"}"""));
            Assert.That(host.Reported, Is.EqualTo(new[] { "agent_failed in RunAgent" }));
            Assert.That(host.Runner.OpenRunCount, Is.Zero);
        });
    }

    [Test]
    public async Task Run_AgentThrowsBeforeItYields_IsToldAsFailed()
    {
        await using var host = await AgentHost.StartAsync();
        host.Scripts.Agent = (_, _) => throw new FormatException("at once");

        Assert.That(async () => await host.RunAsync(), Throws.TypeOf<FormatException>());

        Assert.That(await host.StoryAsync(), Is.EqualTo(new[] { "agent_started", "agent_failed agent_failed" }));
    }

    [Test]
    public async Task Run_AgentYieldsNull_IsToldAsFailed()
    {
        await using var host = await AgentHost.StartAsync();
        host.Scripts.Agent = (_, ct) => Scripts.Say(ct, "a", null!);

        Assert.That(async () => await host.RunAsync(), Throws.InvalidOperationException.With.Message.Contains("null"));

        Assert.That(await host.StoryAsync(), Is.EqualTo(new[] { "agent_started", "token a", "agent_failed agent_failed" }));
    }

    [Test]
    public async Task Run_HugeExceptionText_StillFitsIntoTheTerminalEvent()
    {
        await using var host = await AgentHost.StartAsync();
        host.Scripts.Agent = (_, _) => throw new FormatException(new string('x', 1_000_000));

        Assert.That(async () => await host.RunAsync(), Throws.TypeOf<FormatException>());

        var message = (await host.EventsAsync())[1].Data.GetProperty("error").GetProperty("message").GetString();
        Assert.That(message, Has.Length.EqualTo(2_000).And.EndsWith("x…"));
    }

    [Test]
    public async Task Run_CallerCancels_IsToldAsCancelled()
    {
        await using var host = await AgentHost.StartAsync();
        using var caller = new CancellationTokenSource();
        host.Scripts.Agent = (_, ct) => YieldAndWait(caller.Cancel, ct);

        Assert.That(
            async () => await host.RunAsync(caller.Token),
            Throws.InstanceOf<OperationCanceledException>().With.Message.Contains("by the caller"));

        Assert.That(await host.StoryAsync(), Is.EqualTo(new[] { "agent_started", "token a", "agent_cancelled cancelled by the caller" }));
        Assert.That(host.Reported, Is.Empty);
    }

    [Test]
    public async Task Run_CallerHadCancelledBefore_DoesNotHappen()
    {
        await using var host = await AgentHost.StartAsync();

        Assert.That(
            async () => await host.RunAsync(new CancellationToken(canceled: true)), Throws.InstanceOf<OperationCanceledException>());

        Assert.That(await host.StoryAsync(), Is.Empty);
        Assert.That((host.Runner.OpenRunCount, host.Host.Bridge.OpenRuns), Is.EqualTo((0, 0)));
    }

    [Test]
    public async Task Run_AgentReturnsBecauseItWasCancelled_IsNotToldAsCompleted()
    {
        await using var host = await AgentHost.StartAsync();
        using var caller = new CancellationTokenSource();
        host.Scripts.Agent = (_, _) => YieldCancelAndReturn(caller);

        Assert.That(async () => await host.RunAsync(caller.Token), Throws.InstanceOf<OperationCanceledException>());

        Assert.That(await host.StoryAsync(), Is.EqualTo(new[] { "agent_started", "token a", "agent_cancelled cancelled by the caller" }));
    }

    [Test]
    public async Task Run_AgentFailsWhileCancelled_IsToldAsFailed()
    {
        await using var host = await AgentHost.StartAsync();
        using var caller = new CancellationTokenSource();
        host.Scripts.Agent = (_, _) => YieldCancelAndReturn(caller, new FormatException("in the middle of it"));

        Assert.That(async () => await host.RunAsync(caller.Token), Throws.TypeOf<FormatException>());

        Assert.That(await host.StoryAsync(), Is.EqualTo(new[] { "agent_started", "token a", "agent_failed agent_failed" }));
    }

    [Test]
    public async Task Run_AgentIsCancelledByNobody_HasFailed()
    {
        await using var host = await AgentHost.StartAsync();
        host.Scripts.Agent = (_, _) => throw new TaskCanceledException("The request timed out.");

        Assert.That(
            async () => await host.RunAsync(), Throws.InvalidOperationException.With.InnerException.TypeOf<TaskCanceledException>());

        Assert.That(await host.StoryAsync(), Is.EqualTo(new[] { "agent_started", "agent_failed agent_failed" }));
        Assert.That(host.Reported, Is.EqualTo(new[] { "agent_failed in RunAgent" }));
    }

    [Test]
    public async Task Run_DisposingTheAgentFails_IsToldAsFailed()
    {
        await using var host = await AgentHost.StartAsync();
        host.Scripts.Agent = (_, _) => new FailingDisposal(pieces: 1, failure: null);

        Assert.That(async () => await host.RunAsync(), Throws.TypeOf<FormatException>().With.Message.EqualTo("disposal"));

        Assert.That(await host.StoryAsync(), Is.EqualTo(new[] { "agent_started", "token a", "agent_failed agent_failed" }));
    }

    [Test]
    public async Task Run_AgentAndItsDisposalFail_BothAreRaisedAndReported()
    {
        await using var host = await AgentHost.StartAsync();
        host.Scripts.Agent = (_, _) => new FailingDisposal(pieces: 0, failure: new ArithmeticException("work"));

        var raised = Assert.ThrowsAsync<AggregateException>(async () => await host.RunAsync());

        Assert.That(raised!.InnerExceptions.Select(inner => inner.Message), Is.EqualTo(new[] { "work", "disposal" }));
        Assert.That(await host.StoryAsync(), Is.EqualTo(new[] { "agent_started", "agent_failed agent_failed" }));
        Assert.That(host.Reported, Is.EqualTo(new[] { "agent_failed in RunAgent", "agent_failed in RunAgent" }));
    }

    [Test]
    public async Task Run_StartedIsRefused_NothingRunsAndTheRefusalRaises()
    {
        await using var host = await AgentHost.StartAsync();
        var ran = false;
        host.Scripts.Agent = (_, ct) =>
        {
            ran = true;
            return Scripts.Say(ct);
        };
        host.Scripts.LogRefuses = type => type == EventType.AgentStarted;

        Assert.That(
            async () => await host.RunAsync(), Throws.TypeOf<SendFailureException>().With.Property("Code").EqualTo(FailureCode.LogFull));

        host.Scripts.LogRefuses = _ => false;
        Assert.That(await host.StoryAsync(), Is.Empty);
        Assert.Multiple(() =>
        {
            Assert.That(ran, Is.False);
            Assert.That(host.Reported, Is.EqualTo(new[] { "log_full in agent_started" }));
            Assert.That((host.Runner.OpenRunCount, host.Host.Bridge.OpenRuns), Is.EqualTo((0, 0)));
        });
    }

    [Test]
    public async Task Run_TokenIsRefused_StopsAsFailed()
    {
        await using var host = await AgentHost.StartAsync();
        var cleanedUp = false;
        host.Scripts.Agent = (_, _) => YieldThenCleanUp(() => cleanedUp = true);
        host.Scripts.LogRefuses = type => type == EventType.Token;

        Assert.That(async () => await host.RunAsync(), Throws.TypeOf<SendFailureException>());

        Assert.That(await host.StoryAsync(), Is.EqualTo(new[] { "agent_started", "agent_failed log_full" }));
        Assert.That(cleanedUp, Is.True);
        Assert.That(host.Reported, Is.EqualTo(new[] { "log_full in token" }));
    }

    [Test]
    public async Task Run_TerminalIsRefused_IsReportedAndRaised()
    {
        await using var host = await AgentHost.StartAsync();
        host.Scripts.LogRefuses = type => type == EventType.AgentCompleted;

        Assert.That(
            async () => await host.RunAsync(), Throws.TypeOf<SendFailureException>().With.Property("Code").EqualTo(FailureCode.LogFull));

        Assert.That(host.Reported, Is.EqualTo(new[] { "log_full in agent_completed" }));
        Assert.That(host.Runner.OpenRunCount, Is.Zero);
    }

    [Test]
    public async Task Run_AgentFailsAndTerminalIsRefused_BothAreRaisedAndReported()
    {
        await using var host = await AgentHost.StartAsync();
        host.Scripts.Agent = ThrowAfterAPiece;
        host.Scripts.LogRefuses = type => type == EventType.AgentFailed;

        var raised = Assert.ThrowsAsync<AggregateException>(async () => await host.RunAsync());

        Assert.That(
            raised!.InnerExceptions.Select(inner => inner.GetType()),
            Is.EqualTo(new[] { typeof(FormatException), typeof(SendFailureException) }));
        Assert.That(host.Reported, Is.EqualTo(new[] { "agent_failed in RunAgent", "log_full in agent_failed" }));
    }

    [Test]
    public async Task Run_CancelledAndTerminalIsRefused_RaisesBoth()
    {
        await using var host = await AgentHost.StartAsync();
        using var caller = new CancellationTokenSource();
        host.Scripts.Agent = (_, ct) => YieldAndWait(caller.Cancel, ct);
        host.Scripts.LogRefuses = type => type == EventType.AgentCancelled;

        var raised = Assert.ThrowsAsync<AggregateException>(async () => await host.RunAsync(caller.Token));

        Assert.That(raised!.InnerExceptions[0], Is.InstanceOf<OperationCanceledException>());
        Assert.That(host.Reported, Is.EqualTo(new[] { "log_full in agent_cancelled" }));
    }

    [Test]
    public async Task Run_UnknownAgent_NamesThoseThereAre()
    {
        await using var host = await AgentHost.StartAsync();

        Assert.That(
            async () => await host.Runner.RunAsync("nobody", "What?", host.Context()),
            Throws.TypeOf<AgentCommunicationException>().With.Property("Code").EqualTo(FailureCode.AgentUnknown)
                .And.Message.Contains("nobody").And.Message.Contains("scripted"));

        Assert.That(host.Reported, Is.EqualTo(new[] { "agent_unknown in RunAgent" }));
        Assert.That(await host.StoryAsync(), Is.Empty);
    }

    [Test]
    public async Task Run_WithoutContext_IsRefusedAndReported()
    {
        await using var host = await AgentHost.StartAsync();

        Assert.That(async () => await host.Runner.RunAsync("scripted", "What?", null!), Throws.TypeOf<ContextValidationException>());

        Assert.That(host.Reported, Is.EqualTo(new[] { "context_missing in RunAgent" }));
    }

    [Test]
    public async Task Run_LongPieces_AreStreamedInParts()
    {
        await using var host = await AgentHost.StartAsync();
        var text = string.Concat(Enumerable.Repeat("\u0001😀", 200_000));
        host.Scripts.Agent = (_, ct) => Scripts.Say(ct, text);

        Assert.That(await host.RunAsync(), Is.EqualTo(text));

        Assert.That(await DeltasAsync(host), Is.EqualTo(text));
        Assert.That(host.Reported, Is.Empty);
    }

    [Test]
    public async Task Run_PiecesThatCutACharacter_AreStreamedWhole()
    {
        await using var host = await AgentHost.StartAsync();
        host.Scripts.Agent = (_, ct) => Scripts.Say(ct, "a\uD83D", "\uDE00b", "", "c\uD83D", "", "\uDE00");

        Assert.That(await host.RunAsync(), Is.EqualTo("a😀bc😀"));

        Assert.That(
            await host.StoryAsync(),
            Is.EqualTo(new[] { "agent_started", "token a", "token 😀b", "token c", "token 😀", "agent_completed" }));
    }

    [Test]
    public async Task Run_SameRunIdAgain_IsRefusedByTheRunsEnd()
    {
        await using var host = await AgentHost.StartAsync();
        await host.RunAsync();

        Assert.That(
            async () => await host.RunAsync(), Throws.TypeOf<SendFailureException>().With.Property("Code").EqualTo(FailureCode.RunEnded));
    }

    private static async IAsyncEnumerable<string> ThrowAfterAPiece(
        AgentExecution execution, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        yield return "a";
        await Task.Yield();
        throw new FormatException("broken");
    }

    private static async IAsyncEnumerable<string> YieldAndWait(
        Action meanwhile, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        yield return "a";
        meanwhile();
        await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, cancellationToken);
    }

    private static async IAsyncEnumerable<string> YieldCancelAndReturn(CancellationTokenSource caller, Exception? failure = null)
    {
        yield return "a";
        await caller.CancelAsync();
        if (failure is not null)
        {
            throw failure;
        }
    }

    private static async IAsyncEnumerable<string> YieldThenCleanUp(Action cleanUp)
    {
        try
        {
            yield return "a";
            await Task.Yield();
            yield return "b";
        }
        finally
        {
            cleanUp();
        }
    }

    private static async Task<string> DeltasAsync(AgentHost host) => string.Concat((await host.EventsAsync())
        .Where(message => message.EventType == EventType.Token).Select(message => message.Data.GetProperty("delta").GetString()));
}

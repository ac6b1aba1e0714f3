using System.Runtime.CompilerServices;
using System.Text.Json.Nodes;
using Netra.Pipeline.Agents;
using Netra.Pipeline.Failures;
using Netra.Pipeline.Protocol;
using Netra.Pipeline.Tests.Infrastructure;

namespace Netra.Pipeline.Tests.Agents;

/// <summary>Every way in which a call of a tool can go, and that both of its events frame it.</summary>
[Parallelizable(ParallelScope.All)]
internal sealed class ToolExecutorTests
{
    [Test]
    public async Task Call_ToolReturns_IsFramedByItsTwoEvents()
    {
        await using var host = await AgentHost.StartAsync();
        ToolInvocation? seen = null;
        host.Scripts.Tool = (invocation, _) =>
        {
            seen = invocation;
            return new(new JsonObject { ["sum"] = 3 });
        };
        host.Scripts.Agent = (execution, ct) => Call(execution, ct, new JsonObject { ["a"] = 1 });

        Assert.That(await host.RunAsync(), Is.EqualTo("""{"sum":3}"""));

        var events = await host.EventsAsync();
        Assert.Multiple(() =>
        {
            Assert.That(
                events.Select(message => message.Type),
                Is.EqualTo(new[] { "agent_started", "tool_executing", "tool_completed", "token", "agent_completed" }));
            Assert.That(events[1].Data.GetProperty("tool_name").GetString(), Is.EqualTo("echo"));
            Assert.That(events[1].Data.GetProperty("call_id").GetString(), Is.EqualTo("call-1"));
            Assert.That(events[1].Data.GetProperty("arguments").GetRawText(), Is.EqualTo("""{"a":1}"""));
            Assert.That(events[2].Data.GetProperty("call_id").GetString(), Is.EqualTo("call-1"));
            Assert.That(events[2].Data.GetProperty("status").GetString(), Is.EqualTo("ok"));
            Assert.That(events[2].Data.GetProperty("result").GetRawText(), Is.EqualTo("""{"sum":3}"""));
            Assert.That(events[2].Data.GetProperty("duration_ms").GetDouble(), Is.GreaterThanOrEqualTo(0));
            Assert.That((seen!.CallId, seen.ToolName, seen.Context.RunId), Is.EqualTo(("call-1", "echo", "r1")));
        });
    }

    [Test]
    public async Task Call_ToolReturnsNothing_IsOk()
    {
        await using var host = await AgentHost.StartAsync();
        host.Scripts.Tool = (_, _) => new((JsonNode?)null);
        host.Scripts.Agent = (execution, ct) => Call(execution, ct);

        Assert.That(await host.RunAsync(), Is.EqualTo("null"));
        Assert.That(await host.StoryAsync(), Does.Contain("tool_completed call-1 ok"));
    }

    [Test]
    public async Task Call_ToolThrows_IsToldAsFailedReportedAndRaisedAsItIs()
    {
        await using var host = await AgentHost.StartAsync();
        host.Scripts.Tool = (_, _) => throw new FormatException("broken");
        host.Scripts.Agent = (execution, ct) => Call(execution, ct);

        Assert.That(async () => await host.RunAsync(), Throws.TypeOf<FormatException>());

        var completed = (await host.EventsAsync())[2].Data;
        Assert.That(completed.GetProperty("error").GetRawText(), Is.EqualTo("""{"code":"tool_failed","message":"broken"}"""));
        Assert.That(
            await host.StoryAsync(),
            Is.EqualTo(new[] { "agent_started", "tool_executing call-1", "tool_completed call-1 failed", "agent_failed agent_failed" }));
        Assert.That(host.Reported, Is.EqualTo(new[] { "tool_failed in CallTool", "agent_failed in RunAgent" }));
    }

    [Test]
    public async Task Call_ToolThrowsAndTheAgentGoesOn_TheRunCompletes()
    {
        await using var host = await AgentHost.StartAsync();
        host.Scripts.Tool = (_, _) => ValueTask.FromException<JsonNode?>(new FormatException("broken"));
        host.Scripts.Agent = (execution, ct) => CallAndForgive<FormatException>(execution, ct);

        Assert.That(await host.RunAsync(), Is.EqualTo("broken"));
        Assert.That(await host.StoryAsync(), Is.EqualTo(new[]
        {
            "agent_started", "tool_executing call-1", "tool_completed call-1 failed", "token broken", "agent_completed",
        }));
    }

    [Test]
    public async Task Call_RunIsCancelled_IsToldAsCancelled()
    {
        await using var host = await AgentHost.StartAsync();
        host.Scripts.Tool = async (_, ct) =>
        {
            host.Runner.CancelRun("ada", "t1", "r1", "enough");
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, ct);
            return null;
        };
        host.Scripts.Agent = (execution, ct) => Call(execution, ct);

        Assert.That(async () => await host.RunAsync(), Throws.InstanceOf<OperationCanceledException>());

        Assert.That(await host.StoryAsync(), Is.EqualTo(new[]
        {
            "agent_started", "tool_executing call-1", "tool_completed call-1 cancelled", "agent_cancelled enough",
        }));
        Assert.That(host.Reported, Is.Empty);
    }

    [Test]
    public async Task Call_OnlyTheCallIsCancelled_TheRunGoesOn()
    {
        await using var host = await AgentHost.StartAsync();
        using var call = new CancellationTokenSource();
        host.Scripts.Tool = async (_, ct) =>
        {
            await call.CancelAsync();
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, ct);
            return null;
        };
        host.Scripts.Agent = (execution, _) => CallAndForgive<OperationCanceledException>(execution, call.Token);

        await host.RunAsync();

        Assert.That(await host.StoryAsync(), Does.Contain("tool_completed call-1 cancelled").And.Contain("agent_completed"));
    }

    [Test]
    public async Task Call_RunWasCancelledBefore_DoesNotStart()
    {
        await using var host = await AgentHost.StartAsync();
        var started = false;
        host.Scripts.Tool = (_, _) =>
        {
            started = true;
            return new((JsonNode?)null);
        };
        host.Scripts.Agent = (execution, _) => CancelAndCall(host, execution);

        Assert.That(async () => await host.RunAsync(), Throws.InstanceOf<OperationCanceledException>());

        Assert.That(started, Is.False);
        Assert.That(await host.StoryAsync(), Is.EqualTo(new[] { "agent_started", "agent_cancelled enough" }));
    }

    [Test]
    public async Task Call_ToolIsCancelledByNobody_HasFailed()
    {
        await using var host = await AgentHost.StartAsync();
        host.Scripts.Tool = (_, _) => throw new TaskCanceledException("The request timed out.");
        host.Scripts.Agent = (execution, ct) => CallAndForgive<InvalidOperationException>(execution, ct);

        await host.RunAsync();

        Assert.That(await host.StoryAsync(), Does.Contain("tool_completed call-1 failed").And.Contain("agent_completed"));
        Assert.That(host.Reported, Is.EqualTo(new[] { "tool_failed in CallTool" }));
    }

    [Test]
    public async Task Call_ExecutingIsRefused_TheToolDoesNotStart()
    {
        await using var host = await AgentHost.StartAsync();
        var started = false;
        host.Scripts.Tool = (_, _) =>
        {
            started = true;
            return new((JsonNode?)null);
        };
        host.Scripts.Agent = (execution, ct) => Call(execution, ct);
        host.Scripts.LogRefuses = type => type == EventType.ToolExecuting;

        Assert.That(async () => await host.RunAsync(), Throws.TypeOf<SendFailureException>());

        Assert.That(started, Is.False);
        Assert.That(await host.StoryAsync(), Is.EqualTo(new[] { "agent_started", "agent_failed log_full" }));
        Assert.That(host.Reported, Is.EqualTo(new[] { "log_full in tool_executing" }));
    }

    [Test]
    public async Task Call_ArgumentsAreNoJson_TheToolDoesNotStartAndItIsReported()
    {
        await using var host = await AgentHost.StartAsync();
        var started = false;
        host.Scripts.Tool = (_, _) =>
        {
            started = true;
            return new((JsonNode?)null);
        };
        host.Scripts.Agent = (execution, ct) => CallAndForgive<Exception>(execution, ct, new JsonObject { ["x"] = double.NaN });

        await host.RunAsync();

        Assert.That(started, Is.False);
        Assert.That(await host.StoryAsync(), Has.None.StartsWith("tool_"));
        Assert.That(host.Reported, Has.Count.EqualTo(1));
    }

    [Test]
    public async Task Call_CompletedIsRefused_RaisesToTheAgent()
    {
        await using var host = await AgentHost.StartAsync();
        host.Scripts.Agent = (execution, ct) => Call(execution, ct);
        host.Scripts.LogRefuses = type => type == EventType.ToolCompleted;

        Assert.That(async () => await host.RunAsync(), Throws.TypeOf<SendFailureException>());

        Assert.That(host.Reported, Is.EqualTo(new[] { "log_full in tool_completed" }));
    }

    [Test]
    public async Task Call_ToolThrowsAndCompletedIsRefused_RaisesBoth()
    {
        await using var host = await AgentHost.StartAsync();
        host.Scripts.Tool = (_, _) => throw new FormatException("broken");
        host.Scripts.Agent = (execution, ct) => Call(execution, ct);
        host.Scripts.LogRefuses = type => type == EventType.ToolCompleted;

        var raised = Assert.ThrowsAsync<AggregateException>(async () => await host.RunAsync());

        Assert.That(
            raised!.InnerExceptions.Select(inner => inner.GetType()),
            Is.EqualTo(new[] { typeof(FormatException), typeof(SendFailureException) }));
        Assert.That(host.Reported, Has.Exactly(1).EqualTo("tool_failed in CallTool").And.Exactly(1).EqualTo("log_full in tool_completed"));
    }

    [Test]
    public async Task Call_ResultIsTooLargeForAnEvent_ThePairIsClosedAndTheAgentGetsIt()
    {
        await using var host = await AgentHost.StartAsync();
        host.Scripts.Tool = (_, _) => new(new string('x', 300_000));
        var length = 0;
        host.Scripts.Agent = (execution, ct) => CallAndMeasure(execution, result => length = result, ct);

        await host.RunAsync();

        var completed = (await host.EventsAsync()).Single(message => message.EventType == EventType.ToolCompleted).Data;
        Assert.Multiple(() =>
        {
            Assert.That(length, Is.EqualTo(300_000));
            Assert.That(completed.GetProperty("status").GetString(), Is.EqualTo("ok"));
            Assert.That(
                completed.GetProperty("result").GetProperty("error").GetProperty("code").GetString(), Is.EqualTo("result_too_large"));
            Assert.That(completed.GetProperty("result").GetProperty("error").GetProperty("message").GetString(), Does.Contain("262144"));
            Assert.That(host.Reported, Is.EqualTo(new[] { "event_too_large in tool_completed" }));
        });
    }

    [Test]
    public async Task Call_ResultIsNoJson_HasFailed()
    {
        await using var host = await AgentHost.StartAsync();
        host.Scripts.Tool = (_, _) => new(JsonValue.Create(double.NaN));
        host.Scripts.Agent = (execution, ct) => CallAndForgive<Exception>(execution, ct);

        await host.RunAsync();

        Assert.That(await host.StoryAsync(), Does.Contain("tool_completed call-1 failed").And.Contain("agent_completed"));
        Assert.That(host.Reported, Has.Count.EqualTo(1));
    }

    [Test]
    public async Task Call_UnknownTool_IsRaisedAndReportedAndNamesThoseThereAre()
    {
        await using var host = await AgentHost.StartAsync();
        host.Scripts.Agent = (execution, ct) => Call(execution, ct, tool: "nothing");

        Assert.That(
            async () => await host.RunAsync(),
            Throws.TypeOf<AgentCommunicationException>().With.Property("Code").EqualTo(FailureCode.ToolUnknown)
                .And.Message.Contains("echo"));

        Assert.That(await host.StoryAsync(), Is.EqualTo(new[] { "agent_started", "agent_failed tool_unknown" }));
        Assert.That(host.Reported, Is.EqualTo(new[] { "tool_unknown in CallTool" }));
    }

    [Test]
    public async Task Call_SeveralAtOnce_EachHasItsPair()
    {
        await using var host = await AgentHost.StartAsync();
        host.Scripts.Agent = (execution, ct) => CallManyAtOnce(execution, 50, ct);

        await host.RunAsync();

        var story = await host.StoryAsync();
        Assert.Multiple(() =>
        {
            for (var call = 1; call <= 50; call++)
            {
                Assert.That(story.IndexOf($"tool_executing call-{call}"), Is.InRange(0, story.IndexOf($"tool_completed call-{call} ok")));
            }
        });
    }

    [Test]
    public async Task Call_LeftBehindByTheAgent_IsCancelledBeforeTheTerminalEvent()
    {
        await using var host = await AgentHost.StartAsync();
        host.Scripts.Tool = async (_, ct) =>
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, ct);
            return null;
        };
        host.Scripts.Agent = (execution, _) => CallAndLeave(execution);

        await host.RunAsync();

        Assert.That(await host.StoryAsync(), Is.EqualTo(new[]
        {
            "agent_started", "tool_executing call-1", "token done", "tool_completed call-1 cancelled", "agent_completed",
        }));
    }

    [Test]
    public async Task Call_LeftBehindAndDeafToCancellation_IsReportedAndTheRunEnds()
    {
        await using var host = await AgentHost.StartAsync(("Netra:Agents:LeftoverTimeout", "00:00:00.05"));
        var release = new TaskCompletionSource<JsonNode?>();
        host.Scripts.Tool = (_, _) => new(release.Task);
        host.Scripts.Agent = (execution, _) => CallAndLeave(execution);

        await host.RunAsync();

        Assert.That(
            await host.StoryAsync(), Is.EqualTo(new[] { "agent_started", "tool_executing call-1", "token done", "agent_completed" }));
        Assert.That(host.Reported, Is.EqualTo(new[] { "tool_failed in RunAgent" }));
        Assert.That(host.Host.Failures.Latest(1)[0].Message, Does.Contain("the call of tool echo"));
        release.SetResult(null);
    }

    [Test]
    public async Task Call_AStalledTabOverflows_IsReportedAndToolAndRunGoOn()
    {
        await using var host = await AgentHost.StartAsync(("Netra:Connections:QueueFrames", "16"));
        await using var stalled = await TestClient.ConnectAsync(host.Host.SocketAddress("ada"));
        host.Scripts.Agent = FloodThenCall;

        Assert.That(await host.RunAsync(), Does.EndWith("{}"));

        // Once each time that the tab begins to lag: the kernel's buffers may still grow and let it catch up for a moment.
        Assert.That(host.Reported, Is.Not.Empty.And.All.EqualTo("buffer_overflow in token"));
        var story = await host.StoryAsync();
        Assert.That(
            story.Skip(story.Count - 4),
            Is.EqualTo(new[] { "tool_executing call-1", "tool_completed call-1 ok", "token {}", "agent_completed" }));
    }

    private static async IAsyncEnumerable<string> FloodThenCall(
        AgentExecution execution, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var piece = new string('x', 8_000);
        for (var number = 0; number < 2_000; number++)
        {
            yield return piece;
        }

        await foreach (var result in Call(execution, cancellationToken))
        {
            yield return result;
        }
    }

    private static async IAsyncEnumerable<string> Call(
        AgentExecution execution,
        [EnumeratorCancellation] CancellationToken cancellationToken,
        JsonObject? arguments = null,
        string tool = "echo")
    {
        var result = await execution.Tools.CallToolAsync(tool, arguments ?? [], cancellationToken);
        yield return result?.ToJsonString() ?? "null";
    }

    private static async IAsyncEnumerable<string> CallAndForgive<TException>(
        AgentExecution execution, [EnumeratorCancellation] CancellationToken cancellationToken, JsonObject? arguments = null)
        where TException : Exception
    {
        string told;
        try
        {
            await execution.Tools.CallToolAsync("echo", arguments ?? [], cancellationToken);
            told = "no failure";
        }
        catch (TException failure)
        {
            told = failure.Message;
        }

        yield return told;
    }

    private static async IAsyncEnumerable<string> CancelAndCall(AgentHost host, AgentExecution execution)
    {
        host.Runner.CancelRun("ada", "t1", "r1", "enough");
        await execution.Tools.CallToolAsync("echo", []);
        yield return "never";
    }

    private static async IAsyncEnumerable<string> CallAndMeasure(
        AgentExecution execution, Action<int> measured, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        measured(((string)(await execution.Tools.CallToolAsync("echo", [], cancellationToken))!).Length);
        yield return "done";
    }

    private static async IAsyncEnumerable<string> CallManyAtOnce(
        AgentExecution execution, int count, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await Task.WhenAll(Enumerable.Range(0, count)
            .Select(_ => Task.Run(async () => await execution.Tools.CallToolAsync("echo", [], cancellationToken), cancellationToken)));
        yield return "done";
    }

    private static async IAsyncEnumerable<string> CallAndLeave(AgentExecution execution)
    {
        _ = execution.Tools.CallToolAsync("echo", []).AsTask();
        await Task.Yield();
        yield return "done";
    }
}

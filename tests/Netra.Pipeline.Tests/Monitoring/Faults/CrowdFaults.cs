using Microsoft.Extensions.DependencyInjection;
using Netra.Pipeline.Emission;
using Netra.Pipeline.Failures;
using Netra.Pipeline.Gate;
using Netra.Pipeline.Protocol;
using Netra.Pipeline.Tests.Infrastructure;

namespace Netra.Pipeline.Tests.Monitoring.Faults;

/// <summary>Failures that somebody is told of each time, and that concern operators when they come in crowds.</summary>
internal static class CrowdFaults
{
    private static readonly (string Key, string Value)[] PatientRuns =
    [
        ("Netra:Monitoring:RunLease", "01:00:00"),
        ("Netra:Monitoring:MaxRunSilence", "02:00:00"),
    ];

    public static IEnumerable<Fault> All()
    {
        yield return Crowd(
            "malformed_events",
            "S1",
            "A backend posts events that are malformed",
            FailureCode.InvalidEvent,
            static (bench, _) => bench.PostAsync("nonsense"));
        yield return Crowd(
            "invalid_contexts",
            "S1 §5",
            "A backend posts events with ids that are not valid",
            FailureCode.ContextInvalid,
            static (bench, _) => bench.PostAsync("agent_started", userId: "$system"));
        yield return Crowd(
            "oversize_events", "S1 §2, P23", "Events exceed the largest size; each fails alone", FailureCode.EventTooLarge,
            static async (bench, _) =>
                await (await bench.EmitterAsync()).TokenAsync(new string('x', 300 * 1024)));
        yield return Crowd(
            "events_after_the_end", "P20", "Events come after the terminal one of their run", FailureCode.RunEnded,
            static async (bench, i) =>
            {
                if (i == 0)
                {
                    await bench.PostAsync("agent_started");
                    await bench.PostAsync("agent_completed");
                }

                await bench.PostAsync("token", """{"delta":"x"}""");
            });
        yield return Crowd(
            "superseded_attempts_end",
            "R4",
            "Publishers want to end attempts that later ones have superseded",
            FailureCode.AttemptSuperseded,
            static async (bench, i) =>
            {
                await bench.PostAsync("agent_started", runId: $"r{i}");
                await bench.PostAsync("agent_started", """{"agent_name":"demo","attempt":2}""", $"r{i}");
                var late = PublishExtensions.EventJson("agent_completed", """{"agent_name":"demo"}""", runId: $"r{i}");
                await bench.Host.Http.PublishAsync($$"""{{late[..^1]}},"attempt":1}""");
            });
        yield return Crowd(
            "idempotency_conflicts",
            "P17",
            "A backend uses one key for different events",
            FailureCode.IdempotencyConflict,
            static (bench, i) =>
                bench.Host.Http.PublishAsync(PublishExtensions.TokenJson($"{i}").WithKey("one key")),
            count: 32);
        yield return Crowd("agents_fail", "S2", "Agents throw", FailureCode.AgentFailed, static (bench, i) =>
        {
            bench.Scripts.Agent = static (_, _) => throw new InvalidOperationException("no model");
            return bench.Pipeline.Runner.RunAsync("scripted", "?", bench.Pipeline.Contexts.Create("ada", "t1", $"r{i}"));
        });
        yield return Crowd("tools_fail", "S2", "Tools throw", FailureCode.ToolFailed, static (bench, i) =>
        {
            bench.Scripts.Tool = static (_, _) => throw new InvalidOperationException("no network");
            bench.Scripts.Agent = static (execution, ct) => Calling(execution, ct);
            return bench.Pipeline.Runner.RunAsync("scripted", "?", bench.Pipeline.Contexts.Create("ada", "t1", $"r{i}"));
        });
        yield return Crowd(
            "unknown_agents", "S4 why 3", "Agents are asked for that nobody has registered", FailureCode.AgentUnknown,
            static (bench, i) =>
                bench.Pipeline.Runner.RunAsync("nobody", "?", bench.Pipeline.Contexts.Create("ada", "t1", $"r{i}")));
        yield return Crowd(
            "unknown_tools", "S3, S4 why 3", "Tools are called that nobody has registered", FailureCode.ToolUnknown,
            static (bench, i) =>
            {
                bench.Scripts.Agent = static (execution, ct) => Calling(execution, ct, "nobody");
                return bench.Pipeline.Runner.RunAsync("scripted", "?", bench.Pipeline.Contexts.Create("ada", "t1", $"r{i}"));
            });
        yield return Crowd(
            "handler_throws", "S1", "The handler of what pages send throws", FailureCode.HandlerFailed,
            static async (bench, i) =>
            {
                bench.HandlerFault = new InvalidOperationException("the handler's own");
                await AskAsync(bench, $$"""{"type":"chat_message","id":"m{{i}}","thread_id":"t1","content":"?"}""");
            });
        yield return Crowd(
            "tokens_in_an_emergency",
            "S3",
            "Tokens are refused while emergency mode is on, and lifecycle events go on",
            FailureCode.EmergencyMode,
            static async (bench, i) =>
            {
                bench.Host.Services.GetRequiredService<EmergencyMode>().TryEnter("a fault of the test", "eve", isAutomatic: false);
                await bench.PostAsync("token", """{"delta":"x"}""", runId: $"r{i}");
            });
        yield return Crowd(
            "overflow_timeouts", "P13, P14", "Emitters wait for room in a queue, and none comes", FailureCode.OverflowTimeout,
            static async (bench, i) =>
            {
                if (i == 0)
                {
                    bench.Keep(await TestClient.ConnectAsync(bench.Pipeline.SocketAddress("ada"), invoker: SmallReceiveBuffer.Invoker()));
                    var filling = await bench.EmitterAsync();
                    for (var n = 0; n < 100; n++)
                    {
                        await filling.TokenAsync(new string('x', 8 * 1024));
                    }
                }

                var emitter = bench.Keep(await bench.Pipeline.EmitterOfAsync(
                    "ada",
                    runId: $"w{i}",
                    options: new() { Overflow = OverflowBehavior.Wait, WaitTimeout = TimeSpan.FromMilliseconds(500) }));
                var waiting = emitter.TokenAsync("x").AsTask();
                await Eventually.BecomesTrueAsync(
                    () =>
                    {
                        bench.Host.Time.Advance(TimeSpan.FromMilliseconds(20));
                        return waiting.IsCompleted;
                    },
                    "it gave up");
                await waiting;
            }) with
        {
            Settings =
            [
                ("Netra:Connections:QueueFrames", "16"),
                ("Netra:Connections:SendBufferBytes", "16384"),
                ("Netra:Connections:StallTimeout", "00:10:00"),

                // The page answers nothing, and is to be there until the last emitter has given up.
                ("Netra:Connections:PingInterval", "01:00:00"),
                .. PatientRuns,
            ],
        };
    }

    private static Fault Crowd(string name, string source, string what, FailureCode code, Func<FaultBench, int, Task> once, int count = 31)
        => new(name, source, what, "failure_rate", bench => FaultBench.CrowdAsync(i => once(bench, i), count))
        {
            Code = code,
            Label = FailureCodes.WireName(code),
            Settings = PatientRuns,
            Heal = static bench =>
            {
                bench.Host.Services.GetRequiredService<EmergencyMode>().TryLeave("eve");
                return Task.CompletedTask;
            },
        };

    private static async Task AskAsync(FaultBench bench, string message)
    {
        await using var client = await TestClient.ConnectAsync(bench.Pipeline.SocketAddress("ada"));
        await client.SendAsync(message);
        await client.ReadAsync<ErrorMessage>();
    }

    private static async IAsyncEnumerable<string> Calling(
        Pipeline.Agents.AgentExecution execution,
        [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken ct,
        string tool = "echo")
    {
        await execution.Tools.CallToolAsync(tool, [], ct);
        yield return string.Empty;
    }
}

using Microsoft.Extensions.DependencyInjection;
using Netra.Pipeline.Failures;
using Netra.Pipeline.Publishing;
using Netra.Pipeline.Tests.Infrastructure;
using Netra.Pipeline.Tests.Questions;

namespace Netra.Pipeline.Tests.Monitoring.Faults;

/// <summary>What goes wrong in the course of a run: events in an impossible order, tools that hang, agents that die.</summary>
internal static class RunFaults
{
    private const string ShortLease = """{"agent_name":"demo","lease_ms":5000}""";
    private static readonly (string Key, string Value)[] PatientRuns =
    [
        ("Netra:Monitoring:RunLease", "01:00:00"),
        ("Netra:Monitoring:MaxRunSilence", "02:00:00"),
    ];

    public static IEnumerable<Fault> All()
    {
        yield return Violation(
            "event_before_started",
            "A run's event comes before agent_started",
            static bench => bench.PostAsync("agent_thinking", """{"thought":"?"}"""));
        yield return Violation(
            "started_twice", "agent_started comes twice", static bench => bench.PostAsync("agent_started"), isStarted: true);
        yield return Violation(
            "superseded_attempt_goes_on",
            "A publisher of an earlier attempt goes on, though a later one has begun",
            static async bench =>
            {
                await bench.PostAsync("agent_started", """{"agent_name":"demo","attempt":2}""");
                await bench.PostAsync("agent_started", """{"agent_name":"demo","attempt":1}""");
            },
            isStarted: true) with
        {
            Source = "R4",
        };
        yield return Violation(
            "tool_completed_alone",
            "tool_completed comes without its tool_executing",
            static bench => bench.PostAsync("tool_completed", """{"tool_name":"search"}"""),
            isStarted: true);
        yield return Violation(
            "tool_never_completed",
            "A run completes while one of its tools is running",
            static async bench =>
            {
                await bench.PostAsync("tool_executing", """{"tool_name":"search"}""");
                await bench.PostAsync("agent_completed");
            },
            isStarted: true);
        yield return Violation(
            "call_id_reused",
            "Two tools run under one call id",
            static async bench =>
            {
                await bench.PostAsync("tool_executing", """{"tool_name":"search","call_id":"c1"}""");
                await bench.PostAsync("tool_executing", """{"tool_name":"search","call_id":"c1"}""");
            },
            isStarted: true);
        yield return Violation(
            "tool_result_ambiguous",
            "A tool completes without call_id while several calls of it are open",
            static async bench =>
            {
                await bench.PostAsync("tool_executing", """{"tool_name":"search"}""");
                await bench.PostAsync("tool_executing", """{"tool_name":"search"}""");
                await bench.PostAsync("tool_completed", """{"tool_name":"search"}""");
            },
            isStarted: true);
        yield return new("stuck_tool", "S0, S3", "A tool runs for longer than tools may", "stuck_tools", static async bench =>
        {
            await bench.PostAsync("agent_started");
            await bench.PostAsync("tool_executing", """{"tool_name":"search","call_id":"c1"}""");
        })
        {
            Code = FailureCode.ToolStuck,
            Window = 302,
            Stride = 10,
            Settings = PatientRuns,
            Heal = static bench => bench.PostAsync("tool_completed", """{"tool_name":"search","call_id":"c1"}"""),
        };
        yield return new(
            "dead_agent",
            "S3, P21",
            "A backend's agent dies in the middle of a run that has a lease",
            "silent_failures",
            static bench => bench.PostAsync("agent_started", ShortLease))
        {
            Code = FailureCode.RunStalled,
            Label = "quiet_run",
            Window = 7,
        };
        yield return new(
            "dead_agent_is_listed",
            "S0, S3",
            "The same, as long as it lasts",
            "stalled_runs",
            static bench => bench.PostAsync("agent_started", ShortLease))
        {
            Code = FailureCode.RunStalled,
            Window = 7,
        };
        yield return new(
            "dead_agent_without_lease",
            "P21, P24",
            "A backend's agent dies, and had said nothing of a lease",
            "stalled_runs",
            static bench => bench.PostAsync("agent_started"))
        {
            Code = FailureCode.RunStalled,
            Window = 62,
            Heal = static bench => bench.PostAsync("agent_completed"),
        };
        yield return new("heartbeats_stop", "P21", "A run that lived by heartbeats has none any more", "stalled_runs", static async bench =>
        {
            await bench.PostAsync("agent_started", ShortLease);
            await bench.PassAsync(4);
            await bench.PostAsync("heartbeat", "{}");
            await bench.PassAsync(4);
        })
        {
            Code = FailureCode.RunStalled,
            Window = 3,
        };
        yield return new(
            "waiting_without_end", "P21", "Whoever waited for somebody's answer does not go on when the time is over", "stalled_runs",
            static async bench =>
            {
                await bench.PostAsync("agent_started", ShortLease);
                var until = (bench.Host.Time.GetUtcNow().AddSeconds(20) - DateTimeOffset.UnixEpoch).TotalSeconds;
                await bench.PostAsync(
                    "waiting", $$"""{"until":{{until.ToString("F3", System.Globalization.CultureInfo.InvariantCulture)}}}""");
            })
        {
            Code = FailureCode.RunStalled,
            Window = 27,
        };
        yield return Overdue(
            "answer_overdue",
            "Nobody answers what a run asks, and the time is over that it gave",
            static bench => ApprovalTests.AnswerAsync(bench.Host.Http, "q1", "true"));
        yield return Overdue(
            "answer_overdue_until_the_end", "The same, and the run is ended", static bench => bench.PostAsync("agent_completed"));
        yield return new(
            "publisher_breaks_off", "P20, P22", "The request that feeds a run breaks off in the middle", "stalled_runs",
            static async bench =>
            {
                await using (var lines = await PublishLines.OpenAsync(bench.Pipeline))
                {
                    await lines.SendAsync(PublishExtensions.EventJson("agent_started", """{"agent_name":"demo"}"""));
                    await lines.ReadAsync();
                }

                var open = bench.Host.Services.GetRequiredService<OpenRequests>();
                await Eventually.BecomesTrueAsync(() => open.Count == 0, "the server noticed");
            })
        {
            Code = FailureCode.RunStalled,
            Window = 15,
            Heal = static bench => bench.PostAsync("agent_completed"),
        };
        yield return new(
            "run_ended_by_silence", "P21", "A silent run is ended by the server, which nobody may take for completion", "failure_rate",
            static async bench =>
            {
                for (var i = 0; i < 31; i++)
                {
                    await bench.PostAsync("agent_started", ShortLease, runId: $"r{i}");
                }
            })
        {
            Code = FailureCode.LeaseExpired,
            Label = "lease_expired",
            Window = 13,
        };
        yield return new("too_many_watched_runs", "+", "More runs are open than the monitor watches", "critical_log", static async bench =>
        {
            await bench.PostAsync("agent_started", runId: "r1");
            await bench.PostAsync("agent_started", runId: "r2");
        })
        {
            Code = FailureCode.ResourceExhausted,
            Settings = [("Netra:Monitoring:MaxWatchedRuns", "1"), .. PatientRuns],
        };
    }

    private static Fault Overdue(string name, string what, Func<FaultBench, Task> heal)
        => new(name, "R1", what, "overdue_answers", static async bench =>
        {
            await bench.PostAsync("agent_started", ShortLease);
            var until = (bench.Host.Time.GetUtcNow().AddSeconds(10) - DateTimeOffset.UnixEpoch).TotalSeconds;
            await bench.PostAsync(
                "run_waiting",
                string.Create(
                    System.Globalization.CultureInfo.InvariantCulture,
                    $$"""{"request_id":"q1","kind":"approval","prompt":"Delete the draft?","until":{{until:F3}}}"""));
        })
        {
            Window = 12,
            Heal = heal,
            Recovery = 2,
        };

    private static Fault Violation(string name, string what, Func<FaultBench, Task> inject, bool isStarted = false)
        => new(name, "S0 §5", what, "flow_violation", async bench =>
        {
            if (isStarted)
            {
                await bench.PostAsync("agent_started");
            }

            await inject(bench);
        })
        {
            Code = FailureCode.FlowViolation,
            Settings = PatientRuns,
        };
}

using System.Globalization;
using Microsoft.Extensions.DependencyInjection;
using Netra.Pipeline.Storage;
using Netra.Pipeline.Tests.Infrastructure;
using Netra.Pipeline.Tests.Monitoring.Faults;

namespace Netra.Pipeline.Tests.Monitoring.Harms;

/// <summary>The wall clock is set, and waits of hours: in virtual time.</summary>
internal static class ClockHarms
{
    public static IEnumerable<Harm> All()
    {
        yield return Step("clock_set_forward_by_1_h", TimeSpan.FromHours(1), "all four runs failed at once");
        yield return Step("clock_set_back_by_1_h", TimeSpan.FromHours(-1), "held: nothing was judged for an hour, the silent runs neither");
        yield return Step("clock_set_forward_by_1_day", TimeSpan.FromDays(1), "all four runs failed at once");
        yield return Step("clock_set_back_by_1_day", TimeSpan.FromDays(-1), "held: nothing was judged for a day, the silent runs neither");
        yield return new(
            "clock_back_and_retention", Guard.Retention,
            "Events were stored while the clock stood a day ahead; it is set back, and retention goes on",
            "the disk, users who are away",
            "nothing behind the row from the future was deleted")
        {
            Settings = [("Netra:Streams:Retention", "00:01:00")],
            TrueAlerts =
            [
                "event_dropped", "critical_delivery_failed", "silent_failures", "critical_log", "unhealthy_check", "low_success_rate",
                "very_low_success_rate", "no_connections"
            ],
            HappensInVirtualTime = static async bench =>
            {
                bench.Time.ShiftWallClock(TimeSpan.FromDays(1));
                await bench.PublishRunAsync("early", "r1");
                bench.Time.ShiftWallClock(TimeSpan.FromDays(-1));
                await bench.PublishRunAsync("away", "r1");
                await bench.PassAsync(200);
                var (_, away) = await bench.Host.Http.AskAsync("/v1/ledger?user_id=away");
                bench.Expect(
                    away.GetProperty("expired").GetInt64() + away.GetProperty("dead_lettered").GetInt64() == 2,
                    $"events that are too old were not deleted: {away}");
            },
        };
        yield return new(
            "waits_of_hours", Guard.Lease,
            "A run waits an hour for somebody's answer, its tool is open, and another run declares an hour of silence",
            "both runs, their page",
            "`stuck_tools` was alarmed and health was unhealthy")
        {
            Full = TimeSpan.FromHours(1),
            Short = TimeSpan.FromHours(1),
            HappensInVirtualTime = static async bench =>
            {
                await bench.OpenAsync("ada");
                await bench.PublishAsync("ada", "r1", "agent_started", """{"agent_name":"demo"}""");
                await bench.PublishAsync("ada", "r1", "tool_executing", """{"tool_name":"ask","call_id":"c1"}""");
                await bench.PublishAsync("ada", "r1", "waiting", bench.Until(TimeSpan.FromMinutes(61)));
                await bench.PublishAsync("ada", "r2", "agent_started", """{"agent_name":"demo","lease_ms":3660000}""");
                await bench.PassAsync(3_600);
                await bench.PublishAsync("ada", "r1", "tool_completed", """{"tool_name":"ask","call_id":"c1"}""");
                await bench.PublishAsync("ada", "r1", "agent_completed", """{"agent_name":"demo"}""");
                await bench.PublishAsync("ada", "r2", "agent_completed", """{"agent_name":"demo"}""");
                await bench.PassAsync(5);
            },
        };
        yield return new(
            "approval_after_its_time", Guard.Lease,
            "A run asks for an approval, and gets it twice as late as it wanted; its tool is open",
            "the run, its tool, its page",
            "runs asked nobody; `waiting` ended with its time")
        {
            Full = TimeSpan.FromMinutes(10),
            Short = TimeSpan.FromMinutes(10),
            TrueAlerts = ["overdue_answers"],
            HappensInVirtualTime = static async bench =>
            {
                await bench.OpenAsync("ada");
                await bench.PublishAsync("ada", "r1", "agent_started", """{"agent_name":"demo"}""");
                await bench.PublishAsync("ada", "r1", "tool_executing", """{"tool_name":"delete","call_id":"c1"}""");
                var until = bench.Time.GetUtcNow().AddMinutes(5).ToUnixTimeMilliseconds() / 1000.0;
                await bench.PublishAsync(
                    "ada",
                    "r1",
                    "run_waiting",
                    string.Create(
                        CultureInfo.InvariantCulture,
                        $$"""{"request_id":"q1","kind":"approval","prompt":"Delete the draft?","call_id":"c1","until":{{until}}}"""));
                await bench.PassAsync(600);
                await bench.AnswerAsync("ada", "r1");
                await bench.PublishAsync("ada", "r1", "tool_completed", """{"tool_name":"delete","call_id":"c1"}""");
                await bench.PassAsync(30);
                await bench.PublishAsync("ada", "r1", "agent_completed", """{"agent_name":"demo"}""");
                await bench.PassAsync(5);
            },
        };
        yield return new(
            "process_stopped_for_hours", Guard.Tick,
            "A laptop with the server on it sleeps for three hours",
            "a page that is still there, runs under leases",
            "the page was reset, both runs failed")
        {
            Full = TimeSpan.FromHours(3),
            Short = TimeSpan.FromHours(3),
            HappensInVirtualTime = static async bench =>
            {
                await bench.OpenAsync("ada");
                await bench.PublishAsync("ada", "r1", "agent_started", """{"agent_name":"demo"}""");
                await bench.PublishAsync("ada", "r2", "agent_started", """{"agent_name":"demo","lease_ms":600000}""");
                await bench.PassAsync(10);
                bench.Time.StandStill(TimeSpan.FromHours(3));
                await bench.PassAsync(40);
                await bench.PublishAsync("ada", "r1", "agent_completed", """{"agent_name":"demo"}""");
                await bench.PassAsync(60);
                await bench.PublishAsync("ada", "r2", "agent_completed", """{"agent_name":"demo"}""");
                await bench.PassAsync(5);
            },
        };
        yield return new(
            "process_stopped_in_a_round", Guard.StuckLoops,
            "The process stands still for five minutes while one of its loops is at work",
            "the loop",
            "`stuck_loops` and `background_failed` were alarmed, the page was reset")
        {
            Full = TimeSpan.FromMinutes(5),
            Short = TimeSpan.FromMinutes(5),
            Configure = static pipeline => pipeline.UseEventLog<FaultyLog>(),
            HappensInVirtualTime = static async bench =>
            {
                await bench.OpenAsync("ada");
                var log = (FaultyLog)bench.Host.Services.GetRequiredService<IEventLog>();
                var deleting = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                log.ExpireHang = deleting.Task;
                bench.Host.HangingLoop = "retention";
                await bench.PassAsync(12);
                bench.Time.StandStill(TimeSpan.FromMinutes(5));
                await bench.PassAsync(2);
                log.ExpireHang = Task.CompletedTask;
                deleting.SetResult();
                bench.Host.HangingLoop = null;
                await bench.PassAsync(30);
            },
        };
    }

    private static Harm Step(string name, TimeSpan by, string before)
        => new(
            name, Guard.Lease,
            by > TimeSpan.Zero
                ? "The wall clock is set forward, as an operator or NTP does"
                : "The wall clock is set back, as an operator or NTP does",
            "a run with heartbeats, two that wait, one with a lease; their page",
            before)
        {
            Full = by.Duration(),
            Short = by.Duration(),
            HappensInVirtualTime = async bench =>
            {
                await bench.OpenAsync("ada");
                await bench.PublishAsync("ada", "r1", "agent_started", """{"agent_name":"demo"}""");
                await bench.PublishAsync("ada", "r2", "agent_started", """{"agent_name":"demo","lease_ms":600000}""");
                await bench.PublishAsync("ada", "r3", "agent_started", """{"agent_name":"demo"}""");
                await bench.PublishAsync("ada", "r3", "waiting", bench.Until(TimeSpan.FromMinutes(10)));
                await bench.PublishAsync("ada", "r4", "agent_started", """{"agent_name":"demo"}""");
                await bench.PassAsync(5);
                bench.Time.ShiftWallClock(by);
                await bench.PublishAsync("ada", "r4", "waiting", bench.Until(TimeSpan.FromMinutes(10)));
                for (var i = 0; i < 5; i++)
                {
                    await bench.PassAsync(50);
                    await bench.PublishAsync("ada", "r1", "heartbeat");
                }

                foreach (var run in (string[])["r1", "r2", "r3", "r4"])
                {
                    await bench.PublishAsync("ada", run, "agent_completed", """{"agent_name":"demo"}""");
                }

                await bench.PassAsync(5);
            },
        };
}

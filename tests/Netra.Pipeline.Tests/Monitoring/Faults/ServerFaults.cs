using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Netra.Pipeline.Alerting;
using Netra.Pipeline.Failures;
using Netra.Pipeline.Gate;
using Netra.Pipeline.Monitoring.Health;
using Netra.Pipeline.Monitoring.Metrics;
using Netra.Pipeline.Storage;
using Netra.Pipeline.Tests.Infrastructure;

namespace Netra.Pipeline.Tests.Monitoring.Faults;

/// <summary>What goes wrong with the server itself: its canary, its observers, its channels, what it uses.</summary>
internal static class ServerFaults
{
    private const long MiB = 1024 * 1024;

    public static IEnumerable<Fault> All()
    {
        yield return new(
            "canary_fails", "S0 §1, P3, P8", "The way from agent to page is broken for everybody", "canary_failed",
            static bench => Do(() =>
                bench.Log.Answer = static user => user == "$canary" ? AppendResult.Failed : null))
        {
            Code = FailureCode.CanaryFailed,
            Window = 32,
            Heal = static bench => Do(() => bench.Log.Answer = static _ => null),
        };
        yield return new(
            "observer_throws", "+", "An observer of the pipeline throws when it is told of an event", "observer_failed",
            static async bench =>
            {
                bench.Observer.EventFault = new InvalidOperationException("the observer's own");
                await (await bench.EmitterAsync()).AgentStartedAsync("demo");
            })
        {
            Code = FailureCode.ObserverFailed,
            Heal = static bench => Do(() => bench.Observer.EventFault = null),
            Recovery = 140,
        };
        yield return new(
            "observer_throws_at_failures", "+", "An observer throws when it is told of a failure", "observer_failed",
            static async bench =>
            {
                bench.Observer.FailureFault = new InvalidOperationException("the observer's own");
                await bench.PostAsync("nonsense");
            })
        {
            Code = FailureCode.ObserverFailed,
            Heal = static bench => Do(() => bench.Observer.FailureFault = null),
            Recovery = 140,
        };
        yield return Channel(
            "channel_hangs",
            "A channel takes a notification and never answers",
            static (_, ct) => Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, ct),
            window: 15);
        yield return Channel(
            "channel_throws", "A channel throws", static (_, _) => throw new InvalidOperationException("the channel's own"), window: 3);
        yield return Channel(
            "channel_refuses",
            "A channel refuses a notification for good",
            static (_, _) => throw new NotificationFailedException("400 invalid key", isPermanent: true),
            window: 3);
        yield return new(
            "emergency_notifier_throws", "S0 §2", "Whoever is told of undelivered critical events throws", "background_failed",
            static async bench =>
            {
                bench.EmergencyFault = new InvalidOperationException("the pager is off");
                await bench.PageAsync();
                await (await bench.EmitterAsync()).AgentStartedAsync("demo");
            })
        {
            Code = FailureCode.BackgroundFailed,
            Window = 40,
            Settings =
            [
                ("Netra:Delivery:Tries", "1"),
                ("Netra:Monitoring:RunLease", "01:00:00"),
                ("Netra:Monitoring:MaxRunSilence", "02:00:00"),
            ],
            Heal = static bench => Do(() => bench.EmergencyFault = null),
        };
        yield return new(
            "memory_leak", "S3, P16", "Memory grows from hour to hour and does not come back", "memory_leak",
            static async bench =>
            {
                for (var i = 0; i < 360; i++)
                {
                    bench.Resources = bench.Resources with { WorkingSetBytes = bench.Resources.WorkingSetBytes + (2 * MiB) };
                    await bench.PassAsync(10, stride: 10);
                }
            })
        {
            Window = 1300,
            Stride = 10,
            Heal = static async bench =>
            {
                for (var i = 0; i < 130; i++)
                {
                    bench.Resources = new ResourceSample(100 * MiB, 0.1);
                    await bench.PassAsync(10, stride: 10);
                }
            },
        };
        yield return new(
            "monitor_is_blind", "S3, P8", "What is to be measured cannot be: rules have nothing to compare", "no_data",
            static bench => Do(() =>
                bench.ResourceFault = new UnauthorizedAccessException("/proc is not readable")))
        {
            Label = "success_rate",
            Window = 22,
            Heal = static bench => Do(() => bench.ResourceFault = null),
        };
        yield return new(
            "handles_run_out",
            "S3, P16",
            "Nearly all file handles are open",
            "handles_running_out",
            static bench => Do(() => bench.Resources = bench.Resources with { HandleUsage = 0.95 }))
        {
            Window = 12,
            Heal = static bench => Do(() => bench.Resources = bench.Resources with { HandleUsage = 0.1 }),
        };
        yield return new("critical_log_line", "S3", "Any part of the host logs at CRITICAL", "critical_log", static bench => Do(() =>
            bench.Host.Services.GetRequiredService<ILoggerFactory>()
                .CreateLogger("Somebody.Else")
                .Log(LogLevel.Critical, "the house is on fire")));
        yield return new("emergency_by_hand", "S3", "An operator turns emergency mode on", "emergency_mode", static bench => Do(() =>
            bench.Host.Services.GetRequiredService<EmergencyMode>().TryEnter("a fault of the test", "eve", isAutomatic: false)))
        {
            Heal = static bench => Do(() => bench.Host.Services.GetRequiredService<EmergencyMode>().TryLeave("eve")),
        };
    }

    // A channel is used when there is something to tell: here a critical log line. It is asked beside the loops, and answers beside them;
    // the test's time must not pass it by.
    private static Fault Channel(string name, string what, Func<AlertNotification, CancellationToken, Task> script, int window)
        => new(name, "S1, +", what, "notification_failed", async bench =>
        {
            const int UntilAsked = 2;
            bench.Pager.Script = script;
            bench.Host.Services.GetRequiredService<ILoggerFactory>()
                .CreateLogger("Somebody.Else")
                .Log(LogLevel.Critical, "the house is on fire");
            await bench.PassAsync(UntilAsked);
            await Eventually.BecomesTrueAsync(() => bench.Pager.Tried.Count > 0, "the channel was asked");
            await bench.PassAsync(window - UntilAsked);
            await Eventually.BecomesTrueAsync(
                () => bench.Host.Services.GetRequiredService<FailureCounts>()[FailureCode.NotificationFailed].Total > 0,
                "it was noticed that the channel failed");
        })
        {
            Code = FailureCode.NotificationFailed,
            Window = window,
            Settings = [("Netra:Alerting:Tries", "1")],
            Heal = bench => Do(() => bench.Pager.Script = static (_, _) => Task.CompletedTask),
            Recovery = 140,
        };

    private static Task Do(Action action)
    {
        action();
        return Task.CompletedTask;
    }
}

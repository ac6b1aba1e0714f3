using Netra.Pipeline.Alerting;
using Netra.Pipeline.Failures;
using Netra.Pipeline.Monitoring.Metrics;
using Netra.Pipeline.Tests.Infrastructure;

namespace Netra.Pipeline.Tests.Alerting;

[Parallelizable(ParallelScope.All)]
internal sealed class NotificationOutboxTests
{
    private const string Trigger = "trigger high_latency";
    private const string Resolve = "resolve high_latency";

    [Test]
    public async Task Fires_EveryChannelOfTheStep_IsToldWithoutAnyTimePassing()
    {
        var (pager, chat) = (new ScriptedNotifier("pager"), new ScriptedNotifier("chat"));
        await using var center = new CenterUnderTest(new TestTimeProvider(), [pager, chat]);
        await center.EvaluateAsync(Signals.DeliveryLatency, 3);

        await Eventually.BecomesTrueAsync(
            () => pager.Taken.Count > 0 && chat.Taken.Count > 0 && center.Log.Taken.Count > 0, "all were told");
        Assert.That(pager.Taken, Is.EqualTo(new[] { Trigger }));
    }

    [Test]
    public async Task Hanging_HoldsUpNobodyElseAndFailsOverToTheNextChannel()
    {
        var time = new TestTimeProvider();
        var hung = new TaskCompletionSource();
        var (pager, chat, mail) = (
            new ScriptedNotifier("pager") { Script = (_, _) => hung.Task }, new ScriptedNotifier("chat"), new ScriptedNotifier("mail"));
        await using var center = new CenterUnderTest(time, [pager, chat, mail], configure: options =>
        {
            CenterUnderTest.StepByStep("pager", "mail")(options);
            options.Escalation.Steps[0].Channels.Add("chat");
            options.Tries = 2;
        });
        await center.EvaluateAsync(Signals.DeliveryLatency, 3);
        await Eventually.BecomesTrueAsync(() => chat.Taken.Count > 0, "the other channel was told");

        await center.PassUntilAsync(() => mail.Taken.Count > 0, "the next channel was told");
        Assert.That(mail.Taken, Is.EqualTo(new[] { Trigger }));
        Assert.That(pager.Tried, Has.Count.EqualTo(1), "it has not come back from its first call");
        Assert.That(center.Reported.Counted(FailureCode.NotificationFailed), Is.EqualTo(1));
        Assert.That(center.Reported.Feed.Latest(1)[0].Message, Does.Contain("pager").And.Contain("Netra:Alerting:NotifyTimeout"));
        hung.SetResult();
    }

    [Test]
    public async Task Failing_IsTriedAgainWithPausesThatGrow_AsTheSameNotification()
    {
        var time = new TestTimeProvider();
        var tries = 0;
        var pager = new ScriptedNotifier("pager", time)
        {
            Script = (_, _) => ++tries < 4 ? throw new InvalidOperationException("no line") : Task.CompletedTask,
        };

        // Long beside the steps in which time passes: some of them are over before the channel has seen that it failed.
        await using var center = new CenterUnderTest(time, [pager], configure: options =>
        {
            CenterUnderTest.StepByStep("pager")(options);
            options.FirstRetry = TimeSpan.FromSeconds(10);
        });
        await center.EvaluateAsync(Signals.DeliveryLatency, 3);
        await center.PassUntilAsync(() => pager.Taken.Count > 0, "it was taken at last");

        var times = pager.Tried.Select(static tried => tried.At).ToList();
        Assert.That(pager.Tried.Select(static tried => tried.Notification.Id).Distinct(StringComparer.Ordinal).Count(), Is.EqualTo(1));
        Assert.That(times, Has.Count.EqualTo(4));
        Assert.That((times[1] - times[0]).TotalSeconds, Is.InRange(8, 15));
        Assert.That((times[3] - times[2]).TotalSeconds, Is.InRange(32, 52));
        Assert.That(center.Reported.Counted(FailureCode.NotificationFailed), Is.Zero);
    }

    [Test]
    public async Task RefusedForGood_IsToldToTheNextChannelAtOnce_AndResolvedThere()
    {
        var pager = new ScriptedNotifier("pager")
        {
            Script = static (_, _) => throw new NotificationFailedException(
            "unknown key", isPermanent: true)
        };
        var mail = new ScriptedNotifier("mail");
        await using var center = new CenterUnderTest(
            new TestTimeProvider(), [pager, mail], configure: CenterUnderTest.StepByStep("pager", "mail"));
        await center.EvaluateAsync(Signals.DeliveryLatency, 3);
        await Eventually.BecomesTrueAsync(() => mail.Taken.Count > 0, "the next channel was told");
        Assert.That((pager.Tried.Count, mail.Tried[0].Notification.Level), Is.EqualTo((1, EscalationLevel.Operations)));

        await center.EvaluateAsync(Signals.DeliveryLatency, 1);
        await Eventually.BecomesTrueAsync(() => mail.Taken.Count > 1, "it was told that it is over");
        Assert.That(mail.Taken, Is.EqualTo(new[] { Trigger, Resolve }));
        var history = await center.Alerts.ReadHistoryAsync(0, 100, CancellationToken.None);
        Assert.That(history.Select(static entry => entry.What), Does.Contain("failed").And.Contain("sent"));
    }

    [Test]
    public async Task EveryChannelRefuses_TheLogIsTold()
    {
        var pager = new ScriptedNotifier("pager")
        {
            Script = static (_, _) => throw new NotificationFailedException(
            "unknown key", isPermanent: true)
        };
        await using var center = new CenterUnderTest(new TestTimeProvider(), [pager], configure: CenterUnderTest.StepByStep("pager"));
        await center.EvaluateAsync(Signals.DeliveryLatency, 3);

        await Eventually.BecomesTrueAsync(() => center.Log.Taken.Contains(Trigger), "the log was told");
    }

    [Test]
    public async Task RetryAfter_IsRespected_ByTheWholeChannel()
    {
        var time = new TestTimeProvider();
        var isFirst = true;
        var pager = new ScriptedNotifier("pager", time);
        pager.Script = (_, _) =>
        {
            var fails = isFirst;
            isFirst = false;
            return fails
                ? throw new NotificationFailedException("slow down", isPermanent: false, TimeSpan.FromSeconds(30))
                : Task.CompletedTask;
        };
        await using var center = new CenterUnderTest(time, [pager], configure: CenterUnderTest.StepByStep("pager"));
        await center.EvaluateAsync(Signals.DeliveryLatency, 3);
        await Eventually.BecomesTrueAsync(() => pager.Tried.Count == 1, "it was tried");
        await center.Alerts.FlushAsync(CancellationToken.None);
        await center.EvaluateAsync(Signals.StuckTools, 1);
        await center.PassUntilAsync(() => pager.Taken.Count == 2, "both were taken");

        Assert.That(pager.Tried.Skip(1).Select(tried => (tried.At - pager.Tried[0].At).TotalSeconds), Has.All.GreaterThanOrEqualTo(29));
    }

    [Test]
    public async Task MinInterval_LiesBetweenTwoNotifications()
    {
        var time = new TestTimeProvider();
        var pager = new ScriptedNotifier("pager", time) { MinInterval = TimeSpan.FromSeconds(5) };
        await using var center = new CenterUnderTest(time, [pager], configure: CenterUnderTest.StepByStep("pager"));
        await center.EvaluateAsync(Signals.DeliveryLatency, 3);
        await Eventually.BecomesTrueAsync(() => pager.Taken.Count == 1, "the first one was taken");
        await center.EvaluateAsync(Signals.StuckTools, 1);
        await center.PassUntilAsync(() => pager.Taken.Count == 2, "the second one was taken");

        Assert.That((pager.Tried[1].At - pager.Tried[0].At).TotalSeconds, Is.GreaterThanOrEqualTo(5));
        Assert.That(pager.WasCalledTwiceAtOnce, Is.False);
    }

    [Test]
    public async Task Resolve_WaitsForItsTrigger_AndOtherIncidentsDoNot()
    {
        var time = new TestTimeProvider();
        var isUp = false;
        var pager = new ScriptedNotifier("pager", time);
        pager.Script = (notification, _) => Volatile.Read(ref isUp) || notification.RuleName != "high_latency"
            ? Task.CompletedTask
            : throw new InvalidOperationException("no connection");
        await using var center = new CenterUnderTest(time, [pager], configure: options =>
        {
            CenterUnderTest.StepByStep("pager")(options);
            options.Tries = 20;
        });
        await center.EvaluateAsync(Signals.DeliveryLatency, 3);
        await center.EvaluateAsync(Signals.DeliveryLatency, 1);
        await center.EvaluateAsync(Signals.StuckTools, 1);
        await center.PassUntilAsync(() => pager.Taken.Count == 1, "the other one was taken");
        Volatile.Write(ref isUp, true);
        await center.PassUntilAsync(() => pager.Taken.Count == 3, "all were taken");

        Assert.That(pager.Taken, Is.EqualTo(new[] { "trigger stuck_tools", Trigger, Resolve }));
    }

    [Test]
    public async Task TooManyWait_TheNextChannelIsTold()
    {
        var time = new TestTimeProvider();
        var hung = new TaskCompletionSource();
        var (pager, mail) = (new ScriptedNotifier("pager") { Script = (_, _) => hung.Task }, new ScriptedNotifier("mail"));
        await using var center = new CenterUnderTest(time, [pager, mail], configure: options =>
        {
            CenterUnderTest.StepByStep("pager", "mail")(options);
            options.MaxWaiting = 10;
        });
        for (var i = 0; i < 11; i++)
        {
            await center.Alerts.RaiseEmergencyAsync($"e{i}", "m", AlertSeverity.High, "ada", CancellationToken.None);
        }

        await Eventually.BecomesTrueAsync(
            () => mail.Tried.Any(static tried => tried.Notification is { Level: EscalationLevel.Operations }),
            "the next channel took what had no room");
        Assert.That(
            center.Reported.Feed.Latest(10).Select(static failure => failure.Message), Has.Some.Contains("Netra:Alerting:MaxWaiting"));
        hung.SetResult();
    }

    [Test]
    public async Task Test_TellsTheChannelOnce_AndSaysWhyNot()
    {
        var pager = new ScriptedNotifier("pager")
        {
            Script = static (_, _) => throw new NotificationFailedException(
            "unknown key", isPermanent: false)
        };
        await using var center = new CenterUnderTest(new TestTimeProvider(), [pager]);

        Assert.That(await center.Alerts.TestChannelAsync("pager", "ada", CancellationToken.None), Is.EqualTo("unknown key"));
        Assert.That(await center.Alerts.TestChannelAsync("log", "ada", CancellationToken.None), Is.Null);
        Assert.That(pager.Tried, Has.Count.EqualTo(1));
    }

    [Test]
    public async Task Watchdog_ComesAgainAndAgain_AndIsNeverListed()
    {
        var time = new TestTimeProvider();
        var pager = new ScriptedNotifier("pager", time);
        await using var center = new CenterUnderTest(time, [pager], configure: static options => options.Watchdog.Channel = "pager");
        await center.PassUntilAsync(() => pager.Taken.Count == 3, "it came three times", seconds: 1);

        Assert.That(pager.Taken, Has.All.EqualTo("trigger watchdog"));
        Assert.That((pager.Tried[2].At - pager.Tried[0].At).TotalMinutes, Is.EqualTo(10).Within(0.5));
        Assert.That(center.Alerts.Alerts, Is.Empty);
    }
}

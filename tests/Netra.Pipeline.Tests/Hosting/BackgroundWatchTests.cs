using Netra.Pipeline.Diagnostics;
using Netra.Pipeline.Failures;
using Netra.Pipeline.Hosting;
using Netra.Pipeline.Tests.Failures;

namespace Netra.Pipeline.Tests.Hosting;

/// <summary>A background loop of which nothing comes any more is found, though it throws nothing.</summary>
[TestFixture]
[Parallelizable(ParallelScope.All)]
internal sealed class BackgroundWatchTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    [Test]
    public void Round_DoesNotComeBack_IsReportedOnceAndIsStuckUntilItDoes()
    {
        using var failures = new ReporterUnderTest();
        using var served = new ServedTime(failures.Time);
        var watch = new BackgroundWatch(failures.Reporter, served);
        var round = watch.Add("upkeep", Patience);
        round.Begin();
        Pass(59);
        Assert.That((failures.Feed.Total, round.IsStuck), Is.EqualTo((0, false)), "a slow one is no dead one");

        Pass(5);
        Assert.That(failures.Feed.Latest(10).Select(static failure => (failure.Code, failure.Operation, failure.Message)), Is.EqualTo(new[]
        {
            (FailureCode.BackgroundFailed, "upkeep", "Background loop 'upkeep': a round has not come back for 60 s"),
        }));
        Assert.That(round.IsStuck, Is.True);

        round.End();
        Assert.That(round.IsStuck, Is.False);

        round.Begin();
        Pass(60);
        Assert.That(failures.Feed.Total, Is.EqualTo(2), "the next one is another one");

        void Pass(int seconds)
        {
            for (var second = 0; second < seconds; second++)
            {
                failures.Time.Advance(TimeSpan.FromSeconds(1));
                watch.OnTick();
            }
        }
    }

    [Test]
    public void Machine_WasSuspendedInTheMiddleOfARound_IsNoReason()
    {
        using var failures = new ReporterUnderTest();
        using var served = new ServedTime(failures.Time);
        var watch = new BackgroundWatch(failures.Reporter, served);
        served.Start();
        var round = watch.Add("tick", Patience);
        round.Begin();
        failures.Time.StandStill(TimeSpan.FromHours(8));
        for (var second = 0; second < 50; second++)
        {
            failures.Time.Advance(TimeSpan.FromSeconds(1));
            watch.OnTick();
        }

        Assert.That((failures.Feed.Total, round.IsStuck), Is.EqualTo((0, false)));
    }

    [Test]
    public void Log_StoresNothing_WhoWaitsForItIsNotLateUntilItsTimeAfterTheTrouble()
    {
        using var failures = new ReporterUnderTest();
        using var served = new ServedTime(failures.Time);
        var watch = new BackgroundWatch(failures.Reporter, served);
        var waiting = watch.Add("retention", Patience, waitsForLog: true);
        var guard = watch.Add("tick", Patience);
        waiting.Begin();
        Pass(600, isLogInTrouble: true);
        Pass(59, isLogInTrouble: false);
        Assert.That(waiting.IsStuck, Is.False);

        Pass(1, isLogInTrouble: false);
        Assert.That(waiting.IsStuck, Is.True);

        guard.Begin();
        Pass(60, isLogInTrouble: true);
        Assert.That(guard.IsStuck, Is.True, "a guard waits for no log");

        void Pass(int seconds, bool isLogInTrouble)
        {
            for (var second = 0; second < seconds; second++)
            {
                failures.Time.Advance(TimeSpan.FromSeconds(1));
                watch.OnTick(isLogInTrouble);
            }
        }
    }

    [Test]
    public void Loop_HasEnded_IsStuckForGood()
    {
        using var failures = new ReporterUnderTest();
        using var served = new ServedTime(failures.Time);
        var watch = new BackgroundWatch(failures.Reporter, served);
        var round = watch.Add("alerts", Timeout.InfiniteTimeSpan);
        failures.Time.Advance(TimeSpan.FromDays(1));
        watch.OnTick();
        Assert.That(round.IsStuck, Is.False, "one without rounds is never late");

        round.OnLoopEnded();
        watch.OnTick();

        Assert.That(watch.Loops.Single().IsStuck, Is.True);
        Assert.That(failures.Feed.Total, Is.Zero, "the loop has reported why");
    }
}

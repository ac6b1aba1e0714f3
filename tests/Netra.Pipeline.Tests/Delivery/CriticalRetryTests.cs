using Netra.Pipeline.Delivery;
using Netra.Pipeline.Diagnostics;
using Netra.Pipeline.Failures;
using Netra.Pipeline.Storage;
using Netra.Pipeline.Streams;
using Netra.Pipeline.Tests.Infrastructure;

namespace Netra.Pipeline.Tests.Delivery;

[TestFixture]
[Parallelizable(ParallelScope.All)]
internal sealed class CriticalRetryTests
{
    private static readonly TimeSpan Tick = TimeSpan.FromSeconds(1);
    private static readonly CriticalState Nothing = new(IsSettled: true, IsOwed: false, OldestOwed: 0, Told: 0);
    private static readonly CriticalState Owed = new(IsSettled: false, IsOwed: true, OldestOwed: 7, Told: 9);
    private static readonly CriticalState Absent = new(IsSettled: false, IsOwed: false, OldestOwed: 0, Told: 0);

    [Test]
    public void Tick_NobodyConfirms_RedeliversInPlaceThenClosesThenGivesUp()
    {
        using var series = new Series();

        var actions = series.Run(Owed, 1 + 10 + 20 + 40 + 80);

        Assert.That(actions, Is.EqualTo(new Dictionary<int, CriticalAction>
        {
            [1 + 10] = CriticalAction.Redeliver,
            [1 + 10 + 20] = CriticalAction.Close,
            [1 + 10 + 20 + 40] = CriticalAction.Close,
            [1 + 10 + 20 + 40 + 80] = CriticalAction.GiveUp,
        }));
        Assert.That((series.Retry.Seq, series.Retry.Range, series.Retry.Attempts), Is.EqualTo((7, new SeqRange(7, 9), 4)));
    }

    [Test]
    public void Tick_PausesAboveTheLongest_AreTheLongest()
    {
        using var series = new Series(new DeliveryOptions { Tries = 3, MaxRetryPause = TimeSpan.FromSeconds(25) });

        Assert.That(series.Run(Owed, 1 + 10 + 20 + 25 + 25).Keys, Is.EqualTo(new[] { 11, 31, 56, 81 }));
    }

    [Test]
    public void Tick_ConfirmedInTime_AsksForNothing()
    {
        using var series = new Series();
        Assert.That(series.Run(Owed, 10), Is.Empty);

        Assert.That(series.Run(Nothing, 100), Is.Empty);
        Assert.That(series.Retry.Seq, Is.Zero);
    }

    [Test]
    public void Tick_ConfirmedWhileAnotherIsOwed_BeginsAnewWithThatOne()
    {
        using var series = new Series();
        series.Run(Owed, 11);
        Assert.That(series.Retry.Tries, Is.EqualTo(1));

        var actions = series.Run(new CriticalState(IsSettled: true, IsOwed: false, OldestOwed: 12, Told: 15), 1);
        actions = series.Run(new CriticalState(IsSettled: false, IsOwed: true, OldestOwed: 12, Told: 20), 10);

        Assert.That(actions.Single(), Is.EqualTo(KeyValuePair.Create(11 + 1 + 10, CriticalAction.Redeliver)));
        Assert.That(
            (series.Retry.Seq, series.Retry.Range), Is.EqualTo((12, new SeqRange(12, 15))), "what was sent later has not seen all tries");
    }

    [Test]
    public void Tick_DeviceThatOwesIsAway_ClockStandsStillAndGoesOn()
    {
        using var series = new Series();
        series.Run(Owed, 8);

        Assert.That(series.Run(Absent, 50), Is.Empty);

        // One tick finds it back, and its clock runs from there.
        Assert.That(series.Run(Owed, 4).Single(), Is.EqualTo(KeyValuePair.Create(8 + 50 + 4, CriticalAction.Redeliver)));
    }

    [Test]
    public void Tick_AnotherDeviceOwesAnother_WaitsAMinuteForTheFirst()
    {
        using var series = new Series();
        series.Run(Owed, 11);
        var other = new CriticalState(IsSettled: false, IsOwed: false, OldestOwed: 30, Told: 31);

        series.Run(other, 59);
        Assert.That((series.Retry.Seq, series.Retry.Tries), Is.EqualTo((7, 1)), "it may come back");
        series.Run(other, 1);

        Assert.That((series.Retry.Seq, series.Retry.Tries, series.Retry.Range), Is.EqualTo((30, 0, new SeqRange(30, 31))));
    }

    [Test]
    public void Tick_DeviceStaysAway_ForgetsTheSeries()
    {
        using var series = new Series();
        series.Run(Owed, 11);

        series.Run(Absent, 60);

        Assert.That(series.Retry.Seq, Is.Zero);
    }

    [Test]
    public void Tick_ProcessStoodStill_BurnsNoSeries()
    {
        using var series = new Series();
        series.Run(Owed, 5);

        series.Time.Advance(TimeSpan.FromHours(1));

        Assert.That(series.Run(Owed, 4), Is.Empty, "an hour counts as two ticks");
        Assert.That(series.Run(Owed, 1).Single().Value, Is.EqualTo(CriticalAction.Redeliver));
        Assert.That(series.Run(Owed, 19), Is.Empty);
    }

    [Test]
    public void Postpone_GivingUpFailed_TriesAgainAfterAPause()
    {
        using var series = new Series();
        series.Run(Owed, 1 + 10 + 20 + 40 + 80);

        series.Retry.Postpone();

        Assert.That(series.Run(Owed, 10).Single(), Is.EqualTo(KeyValuePair.Create(151 + 10, CriticalAction.GiveUp)));
    }

    [FsCheck.NUnit.Property(MaxTest = 500)]
    public bool Series_AnyCourse_KeepsItsPausesAndItsBound((byte Kind, byte Ticks, ushort Late)[] course, byte tries, byte seed)
    {
        var options = new DeliveryOptions { Tries = 1 + (tries % 4) };
        var random = new Random(seed);
        using var series = new Series(options, random.NextDouble);
        var (present, lastAction, sent) = (TimeSpan.Zero, TimeSpan.Zero, 0);
        foreach (var (kind, ticks, late) in course)
        {
            for (var i = 0; i < 1 + (ticks % 100); i++)
            {
                // Sometimes a tick comes late, and counts for little.
                series.Time.Advance(TimeSpan.FromSeconds(late % 50 == 0 ? 1 + (late % 400) : 1) - Tick);
                var tracked = series.Retry.Seq;
                var before = series.Time.Elapsed;
                var action = series.Step((kind % 4) switch { 0 => Absent, 1 => Nothing, _ => Owed });
                present += kind % 4 > 1 ? series.Time.Elapsed - before : TimeSpan.Zero;
                if (series.Retry.Seq == 0 || tracked == 0)
                {
                    (sent, lastAction) = (0, series.Time.Elapsed);
                }

                if (action == CriticalAction.None)
                {
                    continue;
                }

                var least = options.FirstRetry * (sent == 0 ? 1 : Math.Pow(2, sent) * 0.8);
                if (kind % 4 < 2 || series.Time.Elapsed - lastAction < least)
                {
                    // Nobody was there, or it came too soon.
                    return false;
                }

                var expected = sent == options.Tries ? CriticalAction.GiveUp : sent == 0 ? CriticalAction.Redeliver : CriticalAction.Close;
                if (action != expected)
                {
                    return false;
                }

                if (action == CriticalAction.GiveUp)
                {
                    series.Step(Nothing);
                    (sent, lastAction) = (0, series.Time.Elapsed);
                    continue;
                }

                sent++;
                lastAction = series.Time.Elapsed;
            }
        }

        return true;
    }

    [Test]
    public void Process_StoodStill_WaitsForTheWholePauseAgainOnce()
    {
        using var series = new Series();
        series.Run(Owed, 9);

        series.Time.StandStill(TimeSpan.FromMinutes(5));
        Assert.That(series.Run(Owed, 9), Is.Empty, "what was acknowledged meanwhile waits unread");
        series.Time.StandStill(TimeSpan.FromMinutes(5));

        Assert.That(
            series.Run(Owed, 3).Values,
            Is.EqualTo(new[] { CriticalAction.Redeliver }),
            "a process that stutters all the time sends it again all the same");
    }

    [FsCheck.NUnit.Property]
    public bool Pause_AnyTry_IsSpreadByAFifthAndBounded(byte doublings, byte random)
    {
        var pause = RetryPause.After(TimeSpan.FromSeconds(10), TimeSpan.FromMinutes(5), doublings, random / 255.0);
        var whole = Math.Min(300, 10 * Math.Pow(2, doublings));

        return pause.TotalSeconds >= (whole * 0.8) - 0.001 && pause.TotalSeconds <= Math.Min(300, (whole * 1.2) + 0.001);
    }

    private sealed class Series : IDisposable
    {
        private ServedTime? _served;
        private int _second;

        public Series(DeliveryOptions? options = null, Func<double>? random = null)
            => Retry = new CriticalRetry(options ?? new DeliveryOptions(), Tick, Served, random ?? (static () => 0.5));

        public TestTimeProvider Time { get; } = new();

        public ServedTime Served => _served ??= Started();

        public CriticalRetry Retry { get; }

        public void Dispose() => _served?.Dispose();

        public CriticalAction Step(in CriticalState state)
        {
            Time.Advance(Tick);
            _second++;
            return Retry.OnTick(state);
        }

        /// <summary>Ticks once a second.</summary>
        /// <returns>What was asked for, by the second since the beginning.</returns>
        public Dictionary<int, CriticalAction> Run(CriticalState state, int seconds)
        {
            var actions = new Dictionary<int, CriticalAction>();
            for (var i = 0; i < seconds; i++)
            {
                if (Step(state) is var action and not CriticalAction.None)
                {
                    actions.Add(_second, action);
                }
            }

            return actions;
        }

        private ServedTime Started()
        {
            var served = new ServedTime(Time);
            served.Start();
            return served;
        }
    }
}

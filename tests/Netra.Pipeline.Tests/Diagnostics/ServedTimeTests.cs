using Netra.Pipeline.Diagnostics;
using Netra.Pipeline.Tests.Infrastructure;

namespace Netra.Pipeline.Tests.Diagnostics;

public sealed class ServedTimeTests
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    private TestTimeProvider _time = null!;
    private ServedTime _served = null!;

    [SetUp]
    public void Create() => _served = new ServedTime(_time = new TestTimeProvider());

    [TearDown]
    public void Dispose() => _served.Dispose();

    [TestCase(0.05)]
    [TestCase(1)]
    [TestCase(3600)]
    public void GetTimestamp_ProcessRuns_FollowsTheClock(double seconds)
    {
        _served.Start();
        var begun = _served.GetTimestamp();

        _time.Advance(TimeSpan.FromSeconds(seconds));

        Assert.That(_served.GetElapsedTime(begun), Is.EqualTo(TimeSpan.FromSeconds(seconds)));
        Assert.That(_served.Gaps, Is.Zero);
        Assert.That(_served.Lost, Is.EqualTo(TimeSpan.Zero));
    }

    [Test]
    public void GetTimestamp_ProcessStoodStill_PassesOneStepAtMost()
    {
        _served.Start();
        _time.Advance(10.5 * Second);
        var begun = _served.GetTimestamp();

        _time.StandStill(300 * Second);
        Assert.That(_served.Gaps, Is.EqualTo(1), "seen before the late beat comes");
        Assert.That(_served.GetElapsedTime(begun), Is.LessThanOrEqualTo(ServedTime.MaxStep), "read before the late beat comes");

        _time.Advance(2 * Second);
        Assert.That(
            _served.GetElapsedTime(begun), Is.LessThanOrEqualTo(ServedTime.MaxStep + (2 * Second)).And.GreaterThanOrEqualTo(2 * Second));
        Assert.That(_served.Gaps, Is.EqualTo(1));
        Assert.That(_served.Lost + _served.GetElapsedTime(begun), Is.EqualTo(302 * Second));
    }

    [Test]
    public void Gaps_TwoOfThem_AreCountedEach()
    {
        _served.Start();
        for (var i = 0; i < 2; i++)
        {
            _time.StandStill(20 * Second);
            _time.Advance(Second);
        }

        Assert.That(_served.Gaps, Is.EqualTo(2));
    }

    [Test]
    public void GetTimestamp_PauseWithinAStep_PassesWhole()
    {
        _served.Start();
        _time.Advance(Second);
        var begun = _served.GetTimestamp();

        _time.StandStill(0.9 * Second);
        _time.Advance(Second);

        Assert.That(_served.GetElapsedTime(begun), Is.EqualTo(1.9 * Second));
        Assert.That(_served.Gaps, Is.Zero);
    }

    [Test]
    public void GetTimestamp_NotStarted_LeavesNothingOut()
    {
        var begun = _served.GetTimestamp();
        _time.StandStill(300 * Second);

        Assert.That(_served.GetElapsedTime(begun), Is.EqualTo(300 * Second));
        Assert.That(_served.Gaps, Is.Zero);
    }

    [Test]
    public void Start_Again_ForgetsNothing()
    {
        _served.Start();
        _time.StandStill(300 * Second);
        _time.Advance(Second);
        _served.Start();

        Assert.That(_served.Gaps, Is.EqualTo(1));
        Assert.That(_time.ActiveTimers, Is.EqualTo(1));
    }

    [Test]
    public void Dispose_Beating_StopsTheBeatAndGoesOnFromWhereItWas()
    {
        _served.Start();
        _time.StandStill(300 * Second);
        var before = _served.GetTimestamp();

        _served.Dispose();
        Assert.That(_time.ActiveTimers, Is.Zero);
        Assert.That(_served.GetTimestamp(), Is.EqualTo(before));

        _time.Advance(20 * Second);
        Assert.That(_served.GetElapsedTime(before), Is.EqualTo(20 * Second));
    }

    [Test]
    public void Start_Disposed_DoesNotBeat()
    {
        _served.Dispose();
        _served.Start();
        Assert.That(_time.ActiveTimers, Is.Zero);
    }

    [Test]
    public void GetUtcNow_ProcessStoodStill_IsTheHosts()
    {
        _served.Start();
        _time.StandStill(300 * Second);
        _time.ShiftWallClock(-Second);
        Assert.That(_served.GetUtcNow(), Is.EqualTo(_time.GetUtcNow()));
        Assert.That(_served.LocalTimeZone, Is.EqualTo(_time.LocalTimeZone));
    }

    [Test]
    public void Timer_DueOnceInTheMiddleOfAGap_ComesWhenItsTimeWasServed()
    {
        _served.Start();
        var fired = 0;
        using var timer = _served.CreateTimer(_ => fired++, state: null, 10 * Second, Timeout.InfiniteTimeSpan);
        _time.Advance(4 * Second);

        _time.StandStill(300 * Second);
        _time.Advance(4 * Second);
        Assert.That(fired, Is.Zero, "nobody could be heard for most of it");

        _time.Advance(2 * Second);
        Assert.That(fired, Is.EqualTo(1));
        _time.Advance(60 * Second);
        Assert.That(fired, Is.EqualTo(1));
    }

    [Test]
    public void Timer_ProcessRuns_IsTheHosts()
    {
        _served.Start();
        var fired = new List<TimeSpan>();
        using var once = _served.CreateTimer(_ => fired.Add(_time.Elapsed), state: null, 1.5 * Second, Timeout.InfiniteTimeSpan);
        using var periodic = _served.CreateTimer(_ => fired.Add(_time.Elapsed), state: null, Second, Second);

        _time.Advance(3 * Second);
        Assert.That(fired, Is.EqualTo(new[] { Second, 1.5 * Second, 2 * Second, 3 * Second }));

        Assert.That(once.Change(Second, Timeout.InfiniteTimeSpan), Is.True);
        periodic.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        _time.Advance(5 * Second);
        Assert.That(fired[^1], Is.EqualTo(4 * Second));
    }

    [Test]
    public void Timer_Cancellation_IsLaterByTheGap()
    {
        _served.Start();
        using var timeout = new CancellationTokenSource(5 * Second, _served);
        _time.StandStill(300 * Second);
        _time.Advance(3 * Second);
        Assert.That(timeout.IsCancellationRequested, Is.False);

        _time.Advance(2 * Second);
        Assert.That(timeout.IsCancellationRequested, Is.True);
    }

    [FsCheck.NUnit.Property]
    public bool GetTimestamp_AnyOrderOfRunningAndStandingStill_NeverGoesBackNorLeaps((ushort Ms, bool Stands)[] steps)
    {
        var time = new TestTimeProvider(timestampFrequency: 10_000_019);
        using var served = new ServedTime(time);
        served.Start();
        var last = served.GetTimestamp();
        foreach (var (ms, stands) in steps)
        {
            var by = TimeSpan.FromMilliseconds(ms);
            if (stands)
            {
                time.StandStill(by);
            }
            else
            {
                time.Advance(by);
            }

            var passed = served.GetElapsedTime(last);
            last = served.GetTimestamp();
            var most = stands ? (by < ServedTime.MaxStep ? by : ServedTime.MaxStep) : by;
            if (passed < TimeSpan.Zero || passed > most + TimeSpan.FromTicks(1))
            {
                return false;
            }
        }

        return true;
    }

    [Test]
    public async Task GetTimestamp_ManyThreads_NeverGoesBack()
    {
        // As fast as the clock can be turned, with gaps all the time.
        var time = new TestTimeProvider();
        using var served = new ServedTime(time);
        served.Start();
        using var stop = new CancellationTokenSource();
        long highest = 0;
        var readers = Enumerable.Range(0, 3).Select(_ => Task.Run(() =>
        {
            while (!stop.IsCancellationRequested)
            {
                var known = Volatile.Read(ref highest);
                var read = served.GetTimestamp();
                if (read < known)
                {
                    return false;
                }

                Interlocked.CompareExchange(ref highest, read, known);
            }

            return true;
        })).ToArray();
        for (var i = 0; i < 5_000; i++)
        {
            time.StandStill(TimeSpan.FromMilliseconds(i % 3000));
            time.Advance(TimeSpan.FromMilliseconds(i % 7));
        }

        await stop.CancelAsync();
        Assert.That(await Task.WhenAll(readers), Is.All.True);
    }
}

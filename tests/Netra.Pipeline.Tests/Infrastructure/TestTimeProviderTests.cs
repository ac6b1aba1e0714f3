namespace Netra.Pipeline.Tests.Infrastructure;

public sealed class TestTimeProviderTests
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    [Test]
    public void Advance_TimersDueInAnyOrder_FiresThemInOrderOfTimeAtTheirTimes()
    {
        var time = new TestTimeProvider();
        var fired = new List<(string Name, TimeSpan At)>();
        using var late = Timer(time, () => fired.Add(("late", time.Elapsed)), 3 * Second);
        using var early = Timer(time, () => fired.Add(("early", time.Elapsed)), 1 * Second);
        using var alsoEarly = Timer(time, () => fired.Add(("also early", time.Elapsed)), 1 * Second);
        using var never = Timer(time, () => fired.Add(("never", time.Elapsed)), 5 * Second);

        time.Advance(4 * Second);

        Assert.That(fired, Is.EqualTo(new[] { ("early", 1 * Second), ("also early", 1 * Second), ("late", 3 * Second) }));
        Assert.That(time.Elapsed, Is.EqualTo(4 * Second));
    }

    [Test]
    public void Advance_PeriodicTimer_FiresOncePerPeriod()
    {
        var time = new TestTimeProvider();
        var fired = new List<TimeSpan>();
        using var timer = Timer(time, () => fired.Add(time.Elapsed), 2 * Second, Second);

        time.Advance(4.5 * Second);

        Assert.That(fired, Is.EqualTo(new[] { 2 * Second, 3 * Second, 4 * Second }));
    }

    [Test]
    public void Jump_TimersBecomeDue_FireOnceAtTheNextAdvance()
    {
        var time = new TestTimeProvider();
        var fired = new List<(string Name, TimeSpan At)>();
        using var single = Timer(time, () => fired.Add(("single", time.Elapsed)), 2 * Second);
        using var periodic = Timer(time, () => fired.Add(("periodic", time.Elapsed)), Second, Second);

        time.StandStill(10 * Second);

        Assert.That(fired, Is.Empty);
        time.Advance(Second);
        Assert.That(fired, Is.EqualTo(new[] { ("single", 10 * Second), ("periodic", 10 * Second), ("periodic", 11 * Second) }));
    }

    [Test]
    public void Advance_TimerSetByCallbackWithinTheStep_FiresInTheSameStep()
    {
        var time = new TestTimeProvider();
        var fired = new List<TimeSpan>();
        ITimer? second = null;
        using var first = Timer(time, () => second = Timer(time, () => fired.Add(time.Elapsed), Second), Second);

        time.Advance(2 * Second);

        second!.Dispose();
        Assert.That(fired, Is.EqualTo(new[] { 2 * Second }));
    }

    [Test]
    public void Timer_DueAtOnce_FiresAtTheNextAdvance()
    {
        var time = new TestTimeProvider();
        var fired = 0;
        using var timer = Timer(time, () => fired++, TimeSpan.Zero);
        Assert.That(fired, Is.Zero);

        time.Advance(TimeSpan.Zero);

        Assert.That(fired, Is.EqualTo(1));
    }

    [Test]
    public void Timer_Disposed_NeverFiresAndRefusesChange()
    {
        var time = new TestTimeProvider();
        var fired = 0;
        var timer = Timer(time, () => fired++, Second);
        timer.Dispose();

        time.Advance(2 * Second);

        Assert.That(fired, Is.Zero);
        Assert.That(timer.Change(Second, Timeout.InfiniteTimeSpan), Is.False);
        Assert.That(time.ActiveTimers, Is.Zero);
    }

    [Test]
    public void Timer_ChangedToInfinite_DoesNotFireUntilItIsSetAgain()
    {
        var time = new TestTimeProvider();
        var fired = 0;
        using var timer = Timer(time, () => fired++, Second);
        timer.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        time.Advance(2 * Second);
        Assert.That(fired, Is.Zero);

        timer.Change(Second, Timeout.InfiniteTimeSpan);
        time.Advance(Second);

        Assert.That(fired, Is.EqualTo(1));
    }

    [Test]
    public void Timer_NegativeDueTime_Throws()
    {
        var time = new TestTimeProvider();
        Assert.That(() => Timer(time, () => { }, -Second), Throws.TypeOf<ArgumentOutOfRangeException>());
    }

    [FsCheck.NUnit.Property]
    public bool GetElapsedTime_DefaultFrequency_IsExact(int before, uint passed)
    {
        var time = new TestTimeProvider();
        time.Advance(TimeSpan.FromTicks(Math.Abs((long)before)));
        var start = time.GetTimestamp();
        time.Advance(TimeSpan.FromTicks(passed));
        return time.GetElapsedTime(start) == TimeSpan.FromTicks(passed);
    }

    [FsCheck.NUnit.Property]
    public bool GetElapsedTime_OddFrequency_IsWithinATick(uint passed)
    {
        var time = new TestTimeProvider(timestampFrequency: 10_000_019);
        var start = time.GetTimestamp();
        time.Advance(TimeSpan.FromTicks(passed));
        return Math.Abs((time.GetElapsedTime(start) - TimeSpan.FromTicks(passed)).Ticks) <= 1;
    }

    [Test]
    public void ShiftWallClock_Back_MovesUtcNowButNotTimestamps()
    {
        var time = new TestTimeProvider();
        var start = time.GetTimestamp();

        time.ShiftWallClock(-Second);

        Assert.That(time.GetUtcNow(), Is.EqualTo(TestTimeProvider.Start - Second));
        Assert.That(time.GetElapsedTime(start), Is.EqualTo(TimeSpan.Zero));
    }

    [Test]
    public void StandStill_PeriodicTimer_FiresOnceLateAndGoesOn()
    {
        var time = new TestTimeProvider();
        var fired = new List<TimeSpan>();
        using var timer = Timer(time, () => fired.Add(time.Elapsed), Second, Second);

        time.StandStill(10.5 * Second);
        Assert.That(fired, Is.Empty);
        Assert.That(time.GetUtcNow(), Is.EqualTo(TestTimeProvider.Start + (10.5 * Second)));

        time.Advance(1.5 * Second);
        Assert.That(fired, Is.EqualTo(new[] { 10.5 * Second, 11.5 * Second }));
    }

    [Test]
    public async Task Delay_TimePasses_Completes()
    {
        var time = new TestTimeProvider();
        var delay = Task.Delay(Second, time);
        time.Advance(Second - TimeSpan.FromTicks(1));
        Assert.That(delay.IsCompleted, Is.False);

        time.Advance(TimeSpan.FromTicks(1));

        await delay;
    }

    private static ITimer Timer(TestTimeProvider time, Action action, TimeSpan due, TimeSpan? period = null) =>
        time.CreateTimer(_ => action(), state: null, due, period ?? Timeout.InfiniteTimeSpan);
}

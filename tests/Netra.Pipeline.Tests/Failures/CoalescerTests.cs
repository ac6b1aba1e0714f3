using Netra.Pipeline.Failures;
using Netra.Pipeline.Tests.Infrastructure;

namespace Netra.Pipeline.Tests.Failures;

/// <summary>What repeats is told with its number, and nothing of it is lost.</summary>
[TestFixture]
[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
internal sealed class CoalescerTests
{
    private readonly TestTimeProvider _time = new();
    private readonly List<string> _told = [];

    [Test]
    public void Add_First_IsToldAtOnceAndTheOthersOnceASecond()
    {
        var coalescer = Create();

        for (var i = 1; i <= 10; i++)
        {
            coalescer.Add("a", "rest", $"{i}");
        }

        Assert.That(_told, Is.EqualTo(new[] { "1" }));
        _time.Advance(TimeSpan.FromSeconds(0.9));
        coalescer.TellDue();
        Assert.That(_told, Has.Count.EqualTo(1));
        _time.Advance(TimeSpan.FromSeconds(0.1));
        coalescer.TellDue();
        Assert.That(_told, Is.EqualTo(new[] { "1", "2+3+4+5+6+7+8+9+10" }));
    }

    [Test]
    public void Add_WithoutTheLoop_TellsOnceASecondAllTheSame()
    {
        var coalescer = Create();

        for (var i = 1; i <= 5; i++)
        {
            coalescer.Add("a", "rest", $"{i}");
            _time.Advance(TimeSpan.FromSeconds(0.5));
        }

        Assert.That(_told, Is.EqualTo(new[] { "1", "2+3", "4+5" }));
    }

    [Test]
    public void Add_AfterAQuietSecond_IsToldAtOnce()
    {
        var coalescer = Create();
        coalescer.Add("a", "rest", "1");
        _time.Advance(TimeSpan.FromSeconds(1));
        coalescer.TellDue();

        coalescer.Add("a", "rest", "2");

        Assert.That(_told, Is.EqualTo(new[] { "1", "2" }));
    }

    [Test]
    public void Add_OtherKinds_AreToldApart()
    {
        var coalescer = Create();

        foreach (var kind in new[] { "a", "b", "a", "b" })
        {
            coalescer.Add(kind, "rest", kind);
        }

        coalescer.TellAll();
        Assert.That(_told, Is.EqualTo(new[] { "a", "b", "a", "b" }));
    }

    [Test]
    public void Add_MoreKindsThanAreToldApart_TellsTheRestTogetherAndLosesNone()
    {
        var coalescer = Create(maxKeys: 2);

        var own = new[] { "a", "b", "c", "d", "e", "a" }.Select(kind => coalescer.Add(kind, "rest", kind)).ToArray();

        Assert.That(own, Is.EqualTo(new[] { true, true, false, false, false, true }));
        Assert.That(_told, Is.EqualTo(new[] { "a", "b", "c" }));
        coalescer.TellAll();
        Assert.That(_told[3..], Is.EquivalentTo(new[] { "a", "d+e" }));
    }

    [Test]
    public void TellAll_NothingHeld_TellsNothing()
    {
        var coalescer = Create();
        coalescer.Add("a", "rest", "1");

        coalescer.TellAll();
        coalescer.TellAll();

        Assert.That(_told, Is.EqualTo(new[] { "1" }));
    }

    [Test]
    public void Add_FromManyThreads_TellsEachOnce()
    {
        var told = 0;
        var coalescer = new Coalescer<int, object>(
            TimeProvider.System,
            4,
            static (held, added) => (int)(held ?? 0) + (int)added,
            (item, _) => Interlocked.Add(ref told, (int)item));

        Parallel.For(0, 100_000, i => coalescer.Add(i % 8, 8, 1));
        coalescer.TellAll();

        Assert.That(told, Is.EqualTo(100_000));
    }

    private Coalescer<string, string> Create(int maxKeys = 10)
        => new(_time, maxKeys, static (held, added) => held is null ? added : $"{held}+{added}", (item, _) => _told.Add(item));
}

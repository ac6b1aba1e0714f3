using Netra.Pipeline.Failures;
using Netra.Pipeline.Tests.Infrastructure;

namespace Netra.Pipeline.Tests.Failures;

/// <summary>What comes in crowds is told with its number, and nothing of it is lost.</summary>
[TestFixture]
[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
internal sealed class CrowdsTests
{
    private readonly TestTimeProvider _time = new();
    private readonly List<string> _told = [];

    [Test]
    public void Add_First_IsToldAtOnceAndTheOthersOnceASecond()
    {
        var crowds = Create();

        for (var i = 1; i <= 10; i++)
        {
            crowds.Add("a", "rest", $"{i}");
        }

        Assert.That(_told, Is.EqualTo(new[] { "1" }));
        _time.Advance(TimeSpan.FromSeconds(0.9));
        crowds.TellDue();
        Assert.That(_told, Has.Count.EqualTo(1));
        _time.Advance(TimeSpan.FromSeconds(0.1));
        crowds.TellDue();
        Assert.That(_told, Is.EqualTo(new[] { "1", "2+3+4+5+6+7+8+9+10" }));
    }

    [Test]
    public void Add_WithoutTheLoop_TellsOnceASecondAllTheSame()
    {
        var crowds = Create();

        for (var i = 1; i <= 5; i++)
        {
            crowds.Add("a", "rest", $"{i}");
            _time.Advance(TimeSpan.FromSeconds(0.5));
        }

        Assert.That(_told, Is.EqualTo(new[] { "1", "2+3", "4+5" }));
    }

    [Test]
    public void Add_AfterAQuietSecond_IsToldAtOnce()
    {
        var crowds = Create();
        crowds.Add("a", "rest", "1");
        _time.Advance(TimeSpan.FromSeconds(1));
        crowds.TellDue();

        crowds.Add("a", "rest", "2");

        Assert.That(_told, Is.EqualTo(new[] { "1", "2" }));
    }

    [Test]
    public void Add_OtherKinds_AreToldApart()
    {
        var crowds = Create();

        foreach (var kind in new[] { "a", "b", "a", "b" })
        {
            crowds.Add(kind, "rest", kind);
        }

        crowds.TellAll();
        Assert.That(_told, Is.EqualTo(new[] { "a", "b", "a", "b" }));
    }

    [Test]
    public void Add_MoreKindsThanAreToldApart_TellsTheRestTogetherAndLosesNone()
    {
        var crowds = Create(maxKinds: 2);

        var own = new[] { "a", "b", "c", "d", "e", "a" }.Select(kind => crowds.Add(kind, "rest", kind)).ToArray();

        Assert.That(own, Is.EqualTo(new[] { true, true, false, false, false, true }));
        Assert.That(_told, Is.EqualTo(new[] { "a", "b", "c" }));
        crowds.TellAll();
        Assert.That(_told[3..], Is.EquivalentTo(new[] { "a", "d+e" }));
    }

    [Test]
    public void TellAll_NothingHeld_TellsNothing()
    {
        var crowds = Create();
        crowds.Add("a", "rest", "1");

        crowds.TellAll();
        crowds.TellAll();

        Assert.That(_told, Is.EqualTo(new[] { "1" }));
    }

    [Test]
    public void Add_FromManyThreads_TellsEachOnce()
    {
        var told = 0;
        var crowds = new Crowds<int, object>(TimeProvider.System, 4, static (held, added) => (int)(held ?? 0) + (int)added, (item, _) => Interlocked.Add(ref told, (int)item));

        Parallel.For(0, 100_000, i => crowds.Add(i % 8, 8, 1));
        crowds.TellAll();

        Assert.That(told, Is.EqualTo(100_000));
    }

    private Crowds<string, string> Create(int maxKinds = 10) => new(_time, maxKinds, static (held, added) => held is null ? added : $"{held}+{added}", (item, _) => _told.Add(item));
}

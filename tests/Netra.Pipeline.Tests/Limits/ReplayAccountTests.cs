using Microsoft.Extensions.Options;
using Netra.Pipeline.Limits;
using Netra.Pipeline.Tests.Infrastructure;

namespace Netra.Pipeline.Tests.Limits;

[TestFixture]
[Parallelizable(ParallelScope.All)]
internal sealed class ReplayAccountTests
{
    private const long MiB = 1024 * 1024;
    private readonly TestTimeProvider _time = new();

    [Test]
    public void Spend_OfAUserWhoReadsOn_IsTheBurstAndThenTheRate()
    {
        var account = new ReplayAccount(Budget());

        Assert.That(account.Spend(20 * MiB), Is.EqualTo(TimeSpan.Zero), "2 MiB a second for 10 s");
        Assert.That(account.Spend(MiB), Is.EqualTo(TimeSpan.FromSeconds(0.5)));
        _time.Advance(TimeSpan.FromSeconds(0.5));
        Assert.That(account.Spend(bytes: 0), Is.EqualTo(TimeSpan.Zero));
        Assert.That(account.Spend(1), Is.EqualTo(TimeSpan.FromSeconds(0.05)), "no timer for less");
        Assert.That(account.Spend(100 * MiB), Is.EqualTo(TimeSpan.FromSeconds(1)), "then it looks again");
    }

    [Test]
    public void Spend_WhileOthersReadMuch_LetsAUserReadWhatPagesMiss()
    {
        var budget = Budget();
        var flood = Enumerable.Range(0, 20).Select(_ => new ReplayAccount(budget)).ToList();
        var page = new ReplayAccount(budget);
        foreach (var account in flood)
        {
            account.Spend(18 * MiB);
        }

        Assert.That(flood[0].Spend(MiB), Is.GreaterThan(TimeSpan.Zero), "all have read their total");
        Assert.That(page.Spend(4 * MiB), Is.EqualTo(TimeSpan.Zero));
        Assert.That(page.Spend(MiB), Is.GreaterThan(TimeSpan.Zero));
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.That(page.Spend(bytes: 0), Is.EqualTo(TimeSpan.Zero));
    }

    // The total used to owe all that was read beyond it: a minute's storm held everybody up for many more.
    [Test]
    public void Spend_AfterAStorm_IsFreeAgainOnceTheBurstIsSavedUp()
    {
        var budget = Budget();
        var page = new ReplayAccount(budget);
        for (var i = 0; i < 100; i++)
        {
            new ReplayAccount(budget).Spend(18 * MiB);
        }

        page.Spend(18 * MiB);
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.That(new ReplayAccount(budget).Spend(5 * MiB), Is.GreaterThan(TimeSpan.Zero), "the storm is just over");
        Assert.That(page.Spend(bytes: 0), Is.EqualTo(TimeSpan.Zero), "what it had before costs it nothing of what it may in any case");

        _time.Advance(TimeSpan.FromSeconds(12));
        Assert.That(new ReplayAccount(budget).Spend(20 * MiB), Is.EqualTo(TimeSpan.Zero));
    }

    [Test]
    public void IsTight_WithMuchOnItsWay_IsSoForTheUserOrForAll()
    {
        var budget = Budget();
        var (one, other) = (new ReplayAccount(budget), new ReplayAccount(budget));

        one.Hold((2 * MiB) + 1);
        Assert.That((one.IsTight, other.IsTight), Is.EqualTo((true, false)));
        one.Hold(62 * MiB);
        Assert.That((one.IsTight, other.IsTight), Is.EqualTo((true, true)));
        one.Hold(-(64 * MiB) - 1);
        Assert.That((one.IsTight, other.IsTight, budget.InFlight), Is.EqualTo((false, false, 0L)));
    }

    private ReplayBudget Budget() => new(
        Options.Create(new PeerLimitOptions { ReplayBytesPerSecond = 2 * MiB, TotalReplayBytesPerSecond = 30 * MiB }), _time);
}

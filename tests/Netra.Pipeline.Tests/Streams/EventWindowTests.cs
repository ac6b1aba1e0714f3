using Microsoft.Extensions.Options;
using Netra.Pipeline.Events;
using Netra.Pipeline.Streams;

namespace Netra.Pipeline.Tests.Streams;

[Parallelizable(ParallelScope.All)]
internal sealed class EventWindowTests
{
    private const int Limit = 1024 * 1024;

    [FsCheck.NUnit.Property]
    public bool Window_AnyCommits_KeepsWhatIsNotCommittedAndAtMostTheBoundOfTheRest((bool Append, byte Commit)[] steps)
    {
        var budget = Budget();
        var window = new EventWindow(maxEvents: 16, budget);
        var (head, committed) = (0L, 0L);
        foreach (var (append, commit) in steps.Concat(Enumerable.Repeat((Append: true, Commit: (byte)1), 20)))
        {
            if (append)
            {
                window.Add(++head, new byte[100], committed);
            }
            else
            {
                committed = Math.Min(head, committed + (commit % 8));
                window.Trim(committed);
            }

            var kept = Enumerable.Range(1, (int)head).Count(seq => window.Contains(seq));
            var first = head - kept + 1;
            var uncommittedKept = Enumerable.Range(1, (int)head).Where(seq => seq > committed).All(seq => window.Contains(seq));
            if (!uncommittedKept
                || (kept > 16 && first <= committed)
                || budget.Used != kept * 100
                || (kept > 0 && window.ThroughBefore(head) != first - 1))
            {
                return false;
            }
        }

        window.Clear();
        return budget.Used == 0 && window.ThroughBefore(head) == head;
    }

    [Test]
    public void Add_BudgetExceeded_KeepsOnlyWhatIsNotCommitted()
    {
        var budget = Budget();
        var window = new EventWindow(maxEvents: 1000, budget);
        for (var seq = 1; seq <= 20; seq++)
        {
            window.Add(seq, new byte[Limit / 10], committed: 5);
        }

        Assert.That(window.Contains(5), Is.False);
        Assert.That(Enumerable.Range(6, 15).All(seq => window.Contains(seq)), Is.True);
    }

    [Test]
    public void CopyTo_Page_EndsAtItsBoundButHasAtLeastOne()
    {
        var window = new EventWindow(maxEvents: 100, Budget());
        for (var seq = 5; seq <= 20; seq++)
        {
            window.Add(seq, new byte[100], committed: 20);
        }

        var page = new List<SendFrame>();
        Assert.That(window.CopyTo(page, 7, maxBytes: 350), Is.EqualTo(9));
        Assert.That(page.Select(static f => f.Seq), Is.EqualTo(new long[] { 7, 8, 9 }));
        page.Clear();
        Assert.That(window.CopyTo(page, 20, maxBytes: 1), Is.EqualTo(20));
        Assert.That(page, Has.Count.EqualTo(1));
    }

    private static WindowBudget Budget() => new(Options.Create(new StreamOptions { WindowBudgetBytes = Limit }));
}

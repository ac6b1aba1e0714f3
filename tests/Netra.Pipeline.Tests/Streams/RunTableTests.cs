using Netra.Pipeline.Streams;

namespace Netra.Pipeline.Tests.Streams;

[Parallelizable(ParallelScope.All)]
internal sealed class RunTableTests
{
    [FsCheck.NUnit.Property]
    public bool Enter_AnyUse_NeverForgetsAHeldRunAndKeepsTheBound((byte Run, bool Leave)[] steps)
    {
        const int Max = 16;
        var table = new RunTable(Max);
        var held = new List<RunState>();
        var seq = 0L;
        foreach (var (run, leave) in steps)
        {
            if (leave && held.Count > 0)
            {
                held[0].Emitters--;
                held.RemoveAt(0);
                continue;
            }

            var before = table.Count;
            var entered = table.Enter("t", $"r{run}");
            entered.LastSeq = ++seq;
            if (held.Exists(h => h.RunId == entered.RunId && !ReferenceEquals(h, entered)))
            {
                return false;
            }

            held.Add(entered);
            if (table.Count > before && table.Count > Math.Max(Max, held.Distinct().Count()))
            {
                return false;
            }
        }

        return true;
    }

    [Test]
    public void Enter_AfterManyHeldRunsAreLeft_ShrinksToTheBound()
    {
        var table = new RunTable(maxRuns: 16);
        var held = Enumerable.Range(0, 100).Select(i => table.Enter("t", $"r{i}")).ToArray();
        Assert.That(table.Count, Is.EqualTo(100), "what is held is not forgotten");
        foreach (var run in held)
        {
            run.Emitters--;
        }

        table.Enter("t", "one more");

        Assert.That(table.Count, Is.EqualTo(16));
    }

    [Test]
    public void Enter_EndedRun_RemembersItsEnd()
    {
        var table = new RunTable(maxRuns: 16);
        var run = table.Enter("t", "r");
        (run.TerminalSeq, run.Emitters) = (7, 0);

        Assert.That(table.Enter("t", "r").HasEnded, Is.True);
        Assert.That(table.Enter("other", "r").HasEnded, Is.False);
    }
}

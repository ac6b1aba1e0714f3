using Netra.Pipeline.Storage;
using Netra.Pipeline.Streams;

namespace Netra.Pipeline.Tests.Streams;

[Parallelizable(ParallelScope.All)]
internal sealed class RememberedRunsTests
{
    [FsCheck.NUnit.Property]
    public bool Enter_AnyUse_NeverForgetsAHeldRunAndKeepsTheBound((byte Run, bool Leave)[] steps)
    {
        const int Max = 16;
        var table = new RememberedRuns(Max);
        var held = new List<StreamRun>();
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
            var entered = table.Enter(Run($"r{run}"), long.MaxValue);
            entered.Count(++seq, isTerminal: false);
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
        var table = new RememberedRuns(maxRuns: 16);
        var held = Enumerable.Range(0, 100).Select(i => table.Enter(Run($"r{i}"), long.MaxValue)).ToArray();
        Assert.That(table.Count, Is.EqualTo(100), "what is held is not forgotten");
        foreach (var run in held)
        {
            run.Emitters--;
        }

        table.Enter(Run("one more"), long.MaxValue);

        Assert.That(table.Count, Is.EqualTo(16));
    }

    [Test]
    public void Enter_EndedRun_RemembersItsEnd()
    {
        var table = new RememberedRuns(maxRuns: 16);
        var run = table.Enter(Run("r"), committed: 0);
        run.Count(7, isTerminal: true);
        run.Emitters = 0;

        Assert.That(table.Enter(Run("r"), committed: 0).HasEnded, Is.True);
        Assert.That(table.Enter(new LogRun("other", "r", isEmbedded: false, agentName: null), committed: 0).HasEnded, Is.False);
    }

    [Test]
    public void Enter_RunWithEventsThatAreNotStored_IsNotForgotten()
    {
        var table = new RememberedRuns(maxRuns: 1);
        var run = table.Enter(Run("r"), committed: 0);
        run.Count(7, isTerminal: true);
        run.Emitters = 0;

        table.Enter(Run("other"), committed: 6);
        Assert.That(table.TryEnter("t", "r", out _), Is.True, "the log does not know of its end yet");
        run.Emitters = 0;
        table.Enter(Run("third"), committed: 7);

        Assert.That(table.TryEnter("t", "r", out _), Is.False);
    }

    private static LogRun Run(string runId) => new("t", runId, isEmbedded: false, agentName: null);
}

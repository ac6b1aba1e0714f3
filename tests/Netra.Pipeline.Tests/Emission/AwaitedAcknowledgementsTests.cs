using System.Diagnostics;
using Netra.Pipeline.Emission;

namespace Netra.Pipeline.Tests.Emission;

[TestFixture]
[Parallelizable(ParallelScope.All)]
internal sealed class AwaitedAcknowledgementsTests
{
    [Test]
    public void Take_WhatIsCovered_IsTakenOnce()
    {
        var awaited = new AwaitedAcknowledgements();
        foreach (var seq in new long[] { 3, 5, 9 })
        {
            awaited.Add(Awaited(seq));
        }

        Assert.That(awaited.Take(3, 8).Select(static s => s.Seq), Is.EqualTo(new[] { 5 }));
        Assert.That(awaited.Take(0, 9).Select(static s => s.Seq), Is.EqualTo(new[] { 3, 9 }));
        Assert.That(awaited.Take(0, 9), Is.Empty);
        Assert.That(awaited.IsEmpty, Is.True);
    }

    [Test]
    public void Add_AboveTheLimit_KeepsTheLatest()
    {
        var awaited = new AwaitedAcknowledgements();
        for (var seq = 1; seq <= 100; seq++)
        {
            awaited.Add(Awaited(seq));
        }

        Assert.That(awaited.Take(0, 100).Select(static s => s.Seq), Is.EqualTo(Enumerable.Range(37, 64)));
    }

    [Test]
    public async Task AddAndTake_InParallel_LoseAndDoubleNothing()
    {
        const int Count = 2_000;
        var awaited = new AwaitedAcknowledgements();
        var taken = new System.Collections.Concurrent.ConcurrentQueue<long>();
        var added = 0L;
        var takers = Enumerable.Range(0, 2).Select(_ => Task.Run(() =>
        {
            while (taken.Count < Count)
            {
                Array.ForEach(awaited.Take(0, Count), settled => taken.Enqueue(settled.Seq));
            }
        }));
        var adder = Task.Run(() =>
        {
            while (added < Count)
            {
                if (added - taken.Count < 32)
                {
                    awaited.Add(Awaited(++added));
                }
            }
        });

        await Task.WhenAll([adder, .. takers]);

        Assert.That(taken.Order(), Is.EqualTo(Enumerable.Range(1, Count)));
    }

    private static AwaitedAcknowledgement Awaited(long seq) => new(seq, default(ActivityContext), default, "r1", "t1");
}

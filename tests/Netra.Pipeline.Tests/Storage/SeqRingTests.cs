using Netra.Pipeline.Storage;

namespace Netra.Pipeline.Tests.Storage;

[Parallelizable(ParallelScope.All)]
internal sealed class SeqRingTests
{
    [FsCheck.NUnit.Property]
    public bool Ring_AnyAppendsAndRemovals_IsAsAQueueWithNumbers(FsCheck.PositiveInt first, bool[] appends)
    {
        var (ring, model, next) = (new SeqRing<long>(), new Queue<long>(), (long)first.Get);
        foreach (var append in appends.Concat(Enumerable.Repeat(true, 70)).Concat(appends))
        {
            if (append || model.Count == 0)
            {
                ring.Append(next, next * 10);
                model.Enqueue(next++);
            }
            else if (ring.RemoveFirst() != model.Dequeue() * 10)
            {
                return false;
            }

            if (ring.Count != model.Count || !model.All(seq => ring.Contains(seq) && ring[seq] == seq * 10))
            {
                return false;
            }

            if (model.Count > 0
                && (ring.First != model.Peek() || ring.Last != next - 1 || ring.Contains(ring.First - 1) || ring.Contains(next)))
            {
                return false;
            }
        }

        return true;
    }

    [Test]
    public void Append_NumberOutOfOrder_Throws()
    {
        var ring = new SeqRing<int>();
        ring.Append(5, 5);

        Assert.Throws<ArgumentOutOfRangeException>(() => ring.Append(7, 7));
        Assert.Throws<ArgumentOutOfRangeException>(() => _ = ring[6]);
    }

    [Test]
    public void RemoveFirst_LastOfMany_LeavesAUsableRing()
    {
        var ring = new SeqRing<int>();
        for (var i = 1; i <= 1000; i++)
        {
            ring.Append(i, i);
        }

        for (var i = 1; i <= 1000; i++)
        {
            Assert.That(ring.RemoveFirst(), Is.EqualTo(i));
        }

        ring.Append(1001, 1001);
        Assert.That((ring.Count, ring.First, ring[1001]), Is.EqualTo((1, 1001L, 1001)));
    }
}

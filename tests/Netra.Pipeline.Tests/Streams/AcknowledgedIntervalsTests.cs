using Netra.Pipeline.Storage;
using Netra.Pipeline.Streams;

namespace Netra.Pipeline.Tests.Streams;

[Parallelizable(ParallelScope.All)]
internal sealed class AcknowledgedIntervalsTests
{
    [FsCheck.NUnit.Property]
    public bool Intervals_AnyRanges_AreAsASet((byte From, byte Length, bool Forget)[] steps)
    {
        var intervals = new AcknowledgedIntervals(maxRanges: 1000);
        var model = new HashSet<long>();
        var forgotten = 0L;
        foreach (var (from, length, forget) in steps)
        {
            if (forget)
            {
                forgotten = Math.Max(forgotten, from / 4);
                intervals.Forget(from / 4);
                model.RemoveWhere(seq => seq <= forgotten);
            }
            else
            {
                intervals.Add(new SeqRange(from + 1, from + (length % 20)));
                model.UnionWith(Enumerable.Range(from + 1, length % 20).Select(static seq => (long)seq).Where(seq => seq > forgotten));
            }

            var ranges = intervals.Ranges;
            var separate = ranges.Zip(ranges.Skip(1), static (a, b) => a.To + 1 < b.From).All(static apart => apart);
            var contiguous = forgotten;
            while (model.Contains(contiguous + 1))
            {
                contiguous++;
            }

            if (!separate
                || intervals.Count != model.Count
                || intervals.ContiguousThrough != contiguous
                || intervals.CountWithin(new SeqRange(10, 99)) != model.Count(static seq => seq is >= 10 and <= 99)
                || !Enumerable.Range(0, 300).All(seq => intervals.Contains(seq) == model.Contains(seq)))
            {
                return false;
            }
        }

        return true;
    }

    [Test]
    public void Add_AtTheBound_RefusesOnlyWhatTouchesNoOther()
    {
        var intervals = new AcknowledgedIntervals(maxRanges: 2);
        Assert.That(intervals.Add(new SeqRange(1, 2)), Is.True);
        Assert.That(intervals.Add(new SeqRange(10, 12)), Is.True);

        Assert.That(intervals.Add(new SeqRange(20, 21)), Is.False);
        Assert.That(intervals.Count, Is.EqualTo(5));
        Assert.That(intervals.Add(new SeqRange(13, 15)), Is.True);
        Assert.That(intervals.Add(new SeqRange(1, 30)), Is.True);
        Assert.That(intervals.Ranges, Is.EqualTo(new[] { new SeqRange(1, 30) }));
    }

    [Test]
    public void Forget_HolesOfExpiredSessions_MakeRoomForNewRanges()
    {
        var intervals = new AcknowledgedIntervals(maxRanges: 4);
        for (var session = 0; session < 100; session++)
        {
            Assert.That(intervals.Add(new SeqRange((session * 10) + 5, (session * 10) + 9)), Is.True, $"session {session}");
            intervals.Forget((session - 2) * 10);
        }

        Assert.That(intervals.Ranges, Has.Count.LessThanOrEqualTo(4));
    }
}

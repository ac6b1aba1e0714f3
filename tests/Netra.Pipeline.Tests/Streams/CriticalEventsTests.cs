using Netra.Pipeline.Storage;
using Netra.Pipeline.Streams;

namespace Netra.Pipeline.Tests.Streams;

[TestFixture]
[Parallelizable(ParallelScope.All)]
internal sealed class CriticalEventsTests
{
    private const int Bound = 1024;

    [FsCheck.NUnit.Property]
    public bool Events_AnyCourse_AreAsASet((byte Kind, byte From, byte Length)[] steps)
    {
        var acknowledged = new AcknowledgedIntervals(maxRanges: 1000);
        var events = new CriticalEvents(acknowledged);
        var model = new SortedSet<long>();
        foreach (var (kind, from, length) in steps)
        {
            var range = new SeqRange(from + 1, from + 1 + (length % 16));
            switch (kind % 3)
            {
                case 0 when !acknowledged.Contains(range.From):
                    events.Add(range.From);
                    model.Add(range.From);
                    break;
                case 1:
                    acknowledged.Add(range);
                    events.Trim();
                    model.RemoveWhere(seq => seq >= range.From && seq <= range.To);
                    break;
                case 2:
                    var taken = events.Take(seq => seq >= range.From && seq <= range.To);
                    if (!taken.SequenceEqual(model.Where(seq => seq >= range.From && seq <= range.To)))
                    {
                        return false;
                    }

                    model.ExceptWith(taken);
                    break;
                default:
                    break;
            }

            if (events.Oldest != model.Min
                || events.FirstWithin(range.From, range.To) != model.FirstOrDefault(seq => seq > range.From && seq <= range.To)
                || !Enumerable.Range(0, 300).All(seq => events.Contains(seq) == model.Contains(seq)))
            {
                return false;
            }
        }

        return true;
    }

    [Test]
    public void Add_AboveTheBound_KeepsTheHighestInMind()
    {
        var acknowledged = new AcknowledgedIntervals(maxRanges: 4);
        var events = new CriticalEvents(acknowledged);
        for (var seq = 1; seq <= Bound + 100; seq++)
        {
            events.Add(seq);
        }

        Assert.That(events.FirstWithin(Bound + 10, Bound + 200), Is.EqualTo(Bound + 100), "of those that are not tracked one by one");
        Assert.That(events.Contains(Bound + 50), Is.False);
        acknowledged.Add(new SeqRange(1, Bound));
        events.Trim();
        Assert.That(events.Oldest, Is.EqualTo(Bound + 100));

        Assert.That(events.Take(static seq => seq > Bound), Is.EqualTo(new[] { Bound + 100 }));
        Assert.That(events.Oldest, Is.Zero);
    }
}

using FsCheck;
using Netra.Pipeline.Load.Checks;

namespace Netra.Pipeline.Tests.Load.Checks;

/// <summary>Sets of numbers as ranges, against the framework's sets.</summary>
[TestFixture]
[Parallelizable(ParallelScope.All)]
internal sealed class NumberSetTests
{
    [FsCheck.NUnit.Property]
    public void Add_AnyNumbers_IsTheSetOfThem(DoNotSize<int> seed, byte[] numbers)
    {
        var random = new Random(seed.Item);
        var (set, other) = (new NumberSet(), new NumberSet());
        var (model, otherModel) = (new SortedSet<long>(), new SortedSet<long>());
        foreach (var number in numbers)
        {
            Assert.That(set.Add(number % 64), Is.EqualTo(model.Add(number % 64)));
            var next = random.Next(64);
            Assert.That(other.Add(next), Is.EqualTo(otherModel.Add(next)));
        }

        Assert.That(set.Count, Is.EqualTo(model.Count));
        Assert.That(Enumerable.Range(-1, 67).Where(number => set.Contains(number)), Is.EqualTo(model));
        Assert.That(Numbers(set.Ranges), Is.EqualTo(model));
        Assert.That(set.Ranges.Zip(set.Ranges.Skip(1)).All(static pair => pair.First.To + 1 < pair.Second.From), "as few as there can be");
        Assert.That(Numbers(set.Without(other)), Is.EqualTo(model.Except(otherModel)));
        Assert.That(Numbers(set.Outside(-5, 70)), Is.EqualTo(Enumerable.Range(-5, 76).Select(static n => (long)n).Except(model)));
    }

    private static IEnumerable<long> Numbers(IEnumerable<(long From, long To)> ranges)
        => ranges.SelectMany(static range => Enumerable.Range((int)range.From, (int)(range.To - range.From + 1)))
            .Select(static number => (long)number);
}

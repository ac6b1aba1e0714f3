using FsCheck;
using Netra.Pipeline.Emission;

namespace Netra.Pipeline.Tests.Emission;

[Parallelizable(ParallelScope.All)]
internal sealed class EmissionLineTests
{
    [FsCheck.NUnit.Property(MaxTest = 300)]
    public void Line_AnyScript_HasExactlyTheFirstInFront(DoNotSize<int> seed, PositiveInt length)
    {
        var random = new Random(seed.Item);
        var line = new EmissionLine();
        var places = new List<LinkedListNode<TaskCompletionSource>>();
        for (var i = Math.Min(length.Get * 4, 200); i > 0; i--)
        {
            if (random.Next(3) > 0)
            {
                places.Add(line.Enter());
            }
            else if (places.Count > 0)
            {
                // From the front when it is done; from elsewhere when it is given up.
                var leaving = random.Next(2) == 0 ? 0 : random.Next(places.Count);
                line.Leave(places[leaving]);
                places.RemoveAt(leaving);
            }

            Assert.That(places.Select(static place => place.Value.Task.IsCompleted), Is.EqualTo(places.Select(static (_, index) => index == 0)));
            Assert.That(line.IsEmpty, Is.EqualTo(places.Count == 0));
        }
    }
}

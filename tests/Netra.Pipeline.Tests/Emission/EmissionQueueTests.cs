using FsCheck;
using Netra.Pipeline.Emission;

namespace Netra.Pipeline.Tests.Emission;

[Parallelizable(ParallelScope.All)]
internal sealed class EmissionQueueTests
{
    [FsCheck.NUnit.Property(MaxTest = 300)]
    public void Line_AnyScript_HasExactlyTheFirstInFront(DoNotSize<int> seed, PositiveInt length)
    {
        var random = new Random(seed.Item);
        var queue = new EmissionQueue();
        var nodes = new List<LinkedListNode<TaskCompletionSource>>();
        for (var i = Math.Min(length.Get * 4, 200); i > 0; i--)
        {
            if (random.Next(3) > 0)
            {
                nodes.Add(queue.Enter());
            }
            else if (nodes.Count > 0)
            {
                // From the front when it is done; from elsewhere when it is given up.
                var leaving = random.Next(2) == 0 ? 0 : random.Next(nodes.Count);
                queue.Leave(nodes[leaving]);
                nodes.RemoveAt(leaving);
            }

            Assert.That(
                nodes.Select(static node => node.Value.Task.IsCompleted), Is.EqualTo(nodes.Select(static (_, index) => index == 0)));
            Assert.That(queue.IsEmpty, Is.EqualTo(nodes.Count == 0));
        }
    }
}

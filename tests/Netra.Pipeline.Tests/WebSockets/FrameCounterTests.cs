using Netra.Pipeline.Tests.Infrastructure;
using Netra.Pipeline.WebSockets;

namespace Netra.Pipeline.Tests.WebSockets;

[TestFixture]
[Parallelizable(ParallelScope.All)]
internal sealed class FrameCounterTests
{
    private static readonly int[] Lengths = [0, 1, 125, 126, 127, 65_535, 65_536, 70_000];

    [Test]
    public void Count_OfFramesOfEveryLength_HoweverTheyAreCut_CountsEachOnce()
    {
        var random = new Random(13);
        for (var round = 0; round < 200; round++)
        {
            var frames = Enumerable.Range(0, random.Next(1, 20)).Select(_ => Lengths[random.Next(Lengths.Length)]).ToArray();
            byte[] bytes =
            [
                .. frames.SelectMany(length => RawFrame.Encode(random.Next(11), new byte[length], masked: random.Next(2) == 0))
            ];
            var counter = default(FrameCounter);
            var counted = 0;
            for (var at = 0; at < bytes.Length;)
            {
                var piece = Math.Min(bytes.Length - at, random.Next(4) == 0 ? random.Next(100_000) : random.Next(1, 5));
                counted += counter.Count(bytes.AsSpan(at, piece));
                at += piece;
            }

            Assert.That(counted, Is.EqualTo(frames.Length), $"round {round}: {string.Join(' ', frames)}");
        }
    }
}

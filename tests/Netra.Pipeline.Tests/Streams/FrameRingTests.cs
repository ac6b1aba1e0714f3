using FsCheck;
using Netra.Pipeline.Events;
using Netra.Pipeline.Streams;

namespace Netra.Pipeline.Tests.Streams;

[Parallelizable(ParallelScope.All)]
internal sealed class FrameRingTests
{
    private static readonly byte[] Buffer = new byte[10];

    [FsCheck.NUnit.Property(MaxTest = 500)]
    public void Ring_AnyScript_IsAQueueWhoseEventsCanBeTakenBack(DoNotSize<int> seed, PositiveInt length)
    {
        const int Limit = 100;
        var random = new Random(seed.Item);
        var (ring, model, next) = (new FrameRing(Limit), new Queue<SendFrame>(), 0L);
        for (var i = Math.Min(length.Get * 20, 2_000); i > 0; i--)
        {
            switch (random.Next(20))
            {
                case < 11:
                    var frame = random.Next(20) == 0 ? SendFrame.ForMessage(Buffer) : SendFrame.ForEvent(++next, Buffer);
                    Assert.That(ring.TryAdd(frame), Is.EqualTo(model.Count < Limit));
                    if (model.Count < Limit)
                    {
                        model.Enqueue(frame);
                    }

                    break;
                case < 18:
                    for (var n = random.Next(1, 12); n > 0; n--)
                    {
                        Assert.That(ring.TryTake(out var taken), Is.EqualTo(model.TryDequeue(out var expected)));
                        Assert.That(taken, Is.EqualTo(expected));
                    }

                    break;
                case 18:
                    var events = model.Where(static waiting => waiting.IsEvent).ToList();
                    Assert.That(ring.TakeBackEvents(), Is.EqualTo((events.Count == 0 ? 0 : events[0].Seq, events.Count * 10L)));
                    model = new Queue<SendFrame>(model.Where(static waiting => !waiting.IsEvent));
                    break;
                default:
                    ring.Clear();
                    model.Clear();
                    break;
            }

            Assert.That(ring.Count, Is.EqualTo(model.Count));
        }
    }
}

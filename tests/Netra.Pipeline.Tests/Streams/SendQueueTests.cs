using FsCheck;
using Netra.Pipeline.Connections;
using Netra.Pipeline.Events;
using Netra.Pipeline.Streams;

namespace Netra.Pipeline.Tests.Streams;

[Parallelizable(ParallelScope.All)]
internal sealed class SendQueueTests
{
    private const int Block = 16 * 1024;

    [FsCheck.NUnit.Property(MaxTest = 300)]
    public void Budget_AnyScript_KnowsWhatTheQueueHoldsButForABlockOrTwo(DoNotSize<int> seed, PositiveInt length)
    {
        var random = new Random(seed.Item);
        var budget = Budget();
        var queue = new SendQueue(
            new ConnectionOptions { QueueFrames = 200, QueueBytes = 512 * 1024 }.QueueLimits, static () => { }, budget);
        var seq = 0L;
        for (var i = Math.Min(length.Get * 10, 1_000); i > 0; i--)
        {
            switch (random.Next(40))
            {
                case < 22:
                    queue.TryEnqueue(SendFrame.ForEvent(++seq, new byte[random.Next(1, 20_000)]));
                    break;
                case < 39:
                    queue.TryDequeue(out _);
                    break;
                default:
                    var first = queue.TakeBackEvents();
                    Assert.That((first == 0, queue.Bytes, queue.Count), Is.EqualTo((first == 0, 0L, 0)));
                    break;
            }

            Assert.That(budget.Queues, Is.EqualTo(queue.ChargedBytes));
            Assert.That(budget.Queues, Is.InRange(Math.Max(0, queue.Bytes - Block), Math.Max(0, queue.Bytes + (2 * Block))));
        }

        queue.Discard();
        Assert.That((budget.Queues, queue.Bytes, queue.Count), Is.EqualTo((0L, 0L, 0)));
    }

    [TestCase(8, 8)]
    [TestCase(100, 64)]
    [TestCase(1024, 256)]
    [TestCase(1_048_576, 262_144)]
    public void HasRoom_OfAnEmitterThatCanWait_EndsAtAQuarterOfALongQueue(int frames, int room)
    {
        var queue = new SendQueue(
            new ConnectionOptions { QueueFrames = frames, QueueBytes = 64L * 1024 * 1024 }.QueueLimits, static () => { });
        for (var seq = 1; seq < room; seq++)
        {
            queue.TryEnqueue(SendFrame.ForEvent(seq, new byte[10]));
        }

        Assert.That(queue.HasRoom(10), Is.True);
        queue.TryEnqueue(SendFrame.ForEvent(room, new byte[10]));
        Assert.That(queue.HasRoom(10), Is.False);
    }

    [Test]
    public void TryEnqueue_PastTheRoomOfThoseWhoCanWait_TakesAsManyAsTheQueueHolds()
    {
        var queue = new SendQueue(new ConnectionOptions { QueueFrames = 1024 }.QueueLimits, static () => { });
        for (var seq = 1; seq <= 1024; seq++)
        {
            Assert.That(queue.TryEnqueue(SendFrame.ForEvent(seq, new byte[10])), Is.True);
        }

        Assert.That(queue.TryEnqueue(SendFrame.ForEvent(1025, new byte[10])), Is.False);
    }

    [Test]
    public async Task Budget_WriterAndEmitterInParallel_EndsWhereTheQueueEnds()
    {
        var budget = Budget();
        var queue = new SendQueue(new ConnectionOptions { QueueFrames = 1024 }.QueueLimits, static () => { }, budget);
        var (buffer, taken) = (new byte[3_000], 0);
        using var done = new CancellationTokenSource();
        var writing = Task.Run(() =>
        {
            while (!done.IsCancellationRequested || queue.Count > 0)
            {
                taken += queue.TryDequeue(out _) ? 1 : 0;
            }
        });

        var added = await Task.Run(() => Enumerable.Range(1, 200_000).Count(seq => queue.TryEnqueue(SendFrame.ForEvent(seq, buffer))));
        await done.CancelAsync();
        await writing;

        Assert.That((taken, queue.Bytes), Is.EqualTo((added, 0L)));
        Assert.That(budget.Queues, Is.InRange(0, 2 * Block));
        queue.Discard();
        Assert.That(budget.Queues, Is.Zero);
    }

    // The last frame of a burst may be charged by an emitter that was held up while the writer took everything:
    // nobody comes after it to put that right.
    [Test]
    public async Task Budget_BurstsThatEnd_LeaveNothingBehind()
    {
        const int Rounds = 20_000;
        var budget = Budget();
        var queue = new SendQueue(
            new ConnectionOptions { QueueFrames = 16, QueueBytes = 512 * 1024 }.QueueLimits, static () => { }, budget);
        var (small, large) = (new byte[60_000], new byte[300_000]);
        var (begun, taken) = (0, 0);
        var writing = Task.Run(() =>
        {
            for (var i = 1; i <= Rounds; i++)
            {
                SpinWait.SpinUntil(() => Volatile.Read(ref begun) == i);
                while (!queue.TryDequeue(out _))
                {
                }

                Volatile.Write(ref taken, i);
            }
        });

        for (var i = 1; i <= Rounds; i++)
        {
            Volatile.Write(ref begun, i);
            queue.TryEnqueue(SendFrame.ForEvent(i, i % 2 == 0 ? small : large));
            SpinWait.SpinUntil(() => Volatile.Read(ref taken) == i);
            Assert.That((queue.Bytes, budget.Queues), Is.EqualTo((0L, queue.ChargedBytes)));
            Assert.That(budget.Queues, Is.LessThan(2 * Block), $"after burst {i}");
        }

        await writing;
    }

    [Test]
    public void Budget_PageThatReads_CostsNothing()
    {
        var budget = Budget();
        var queue = new SendQueue(new ConnectionOptions().QueueLimits, static () => { }, budget);

        for (var seq = 1; seq <= 1_000; seq++)
        {
            queue.TryEnqueue(SendFrame.ForEvent(seq, new byte[300]));
            queue.TryEnqueue(SendFrame.ForEvent(seq, new byte[300]));
            Assert.That(queue.TryDequeue(out _) && queue.TryDequeue(out _), Is.True);
            Assert.That(budget.Queues, Is.Zero);
        }
    }

    private static BufferBudget Budget() => new(new ConnectionOptions().BufferLimit(), static () => 0);
}

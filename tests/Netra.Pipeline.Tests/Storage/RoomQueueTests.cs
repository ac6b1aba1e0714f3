using FsCheck;
using Netra.Pipeline.Storage;

namespace Netra.Pipeline.Tests.Storage;

[Parallelizable(ParallelScope.All)]
internal sealed class RoomQueueTests
{
    private const int MaxBytes = 100;

    /// <summary>Nobody is lost, nobody overtakes, nobody is let in without room, and what is cancelled holds nobody up.</summary>
    [FsCheck.NUnit.Property(MaxTest = 500)]
    public async Task Line_AnyScript_LetsInOrderWhoHasRoom(DoNotSize<int> seed, PositiveInt length)
    {
        var random = new Random(seed.Item);
        var (gate, used) = (new Lock(), 0L);
        RoomQueue queue = null!;
        queue = new RoomQueue(gate, bytes => used + queue.KeptBytes + bytes <= MaxBytes);
        var waiting = new List<Place>();
        var holding = new List<Place>();
        for (var i = Math.Min(length.Get * 8, 400); i > 0; i--)
        {
            switch (random.Next(5))
            {
                case 0 or 1:
                    var joined = new Place(queue, random.Next(1, MaxBytes + 1));
                    waiting.Add(joined);
                    break;
                case 2 when waiting.Count > 0:
                    // Where the turn has come already, the cancellation comes too late.
                    var leaving = waiting[random.Next(waiting.Count)];
                    await leaving.CancelAsync();
                    waiting.Remove(leaving);
                    break;
                case 3 when holding.Count > 0:
                    var appending = holding[random.Next(holding.Count)];
                    holding.Remove(appending);
                    lock (gate)
                    {
                        used += appending.Bytes;
                    }

                    await appending.DisposeAsync();
                    break;
                case 4:
                    lock (gate)
                    {
                        used = random.NextInt64(used + 1);
                    }

                    queue.Update();
                    break;
                default:
                    break;
            }

            await LetInAsync();
            Assert.That(queue.KeptBytes, Is.EqualTo(holding.Sum(static waiter => waiter.Bytes)));
            Assert.That(queue.KeptEntries, Is.EqualTo(holding.Count));
            Assert.That(used + queue.KeptBytes, Is.LessThanOrEqualTo(MaxBytes));
            Assert.That(queue.AnyWaiting, Is.EqualTo(waiting.Count > 0));
        }

        used = 0;
        queue.Update();
        while (waiting.Count + holding.Count > 0)
        {
            await LetInAsync();
            foreach (var waiter in holding)
            {
                await waiter.DisposeAsync();
            }

            holding.Clear();
        }

        Assert.That((queue.AnyWaiting, queue.KeptEntries, queue.KeptBytes), Is.EqualTo((false, 0, 0L)));

        // The first ones, as many as there is room for, and no other.
        async Task LetInAsync()
        {
            while (waiting.Count > 0 && used + holding.Sum(static waiter => waiter.Bytes) + waiting[0].Bytes <= MaxBytes)
            {
                await waiting[0].Turn.WaitAsync(TimeSpan.FromSeconds(20));
                holding.Add(waiting[0]);
                waiting.RemoveAt(0);
            }

            Assert.That(waiting.Where(static waiter => waiter.Turn.IsCompleted), Is.Empty);
        }
    }

    [Test]
    public async Task Dispose_Twice_GivesBackOnce()
    {
        RoomQueue queue = null!;
        queue = new RoomQueue(new Lock(), bytes => queue.KeptBytes + bytes <= 10);
        var first = await queue.WaitAsync(6, CancellationToken.None);
        var second = await queue.WaitAsync(4, CancellationToken.None);

        first.Dispose();
        first.Dispose();

        Assert.That((queue.KeptEntries, queue.KeptBytes), Is.EqualTo((1, 4L)));
        second.Dispose();
        Assert.That((queue.AnyWaiting, queue.KeptEntries), Is.EqualTo((false, 0)));
    }

    [Test]
    public async Task Line_ManyThreads_AllComeThroughAndTheRoomHolds()
    {
        const int Room = 3;
        var (gate, used, most) = (new Lock(), 0, 0);
        RoomQueue queue = null!;
        queue = new RoomQueue(gate, _ => used + queue.KeptEntries + 1 <= Room);

        await Task.WhenAll(Enumerable.Range(0, 16).Select(_ => Task.Run(async () =>
        {
            for (var i = 0; i < 500; i++)
            {
                using (await queue.WaitAsync(1, CancellationToken.None))
                {
                    lock (gate)
                    {
                        most = Math.Max(most, ++used);
                    }
                }

                lock (gate)
                {
                    used--;
                }

                queue.Update();
            }
        }))).WaitAsync(TimeSpan.FromSeconds(60));

        Assert.That((queue.AnyWaiting, queue.KeptEntries, used), Is.EqualTo((false, 0, 0)));
        Assert.That(most, Is.InRange(1, Room));
    }

    private sealed class Place
    {
        private readonly CancellationTokenSource _giveUp = new();

        public Place(RoomQueue queue, int bytes) => (Bytes, Turn) = (bytes, queue.WaitAsync(bytes, _giveUp.Token).AsTask());

        public int Bytes { get; }

        public Task<IDisposable> Turn { get; }

        public async Task CancelAsync()
        {
            await _giveUp.CancelAsync();
            Assert.That(async () => await Turn, Throws.InstanceOf<OperationCanceledException>());
        }

        public async Task DisposeAsync() => (await Turn).Dispose();
    }
}

using Netra.Pipeline.Protocol;
using Netra.Pipeline.Sqlite;
using Netra.Pipeline.Storage;
using Netra.Pipeline.Tests.Infrastructure;

namespace Netra.Pipeline.Tests.Sqlite;

[Parallelizable(ParallelScope.All)]
internal sealed class AppendQueueTests
{
    private static readonly SqliteLease Lease = new(new SqliteStream(1, "ada", 7, new StreamState(), isNew: false), jump: null)
    {
        UserId = "ada",
        StreamId = 7,
        Head = 0,
        ExpiredThrough = 0,
        Acknowledged = [],
        FencingToken = 1,
    };

    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(1);

    [Test]
    public async Task Add_Token_WakesAfterTheTokenDelay()
    {
        await using var queue = new QueueUnderTest();

        queue.Add();
        queue.Time.Advance((100 * Tick) - TimeSpan.FromTicks(1));
        Assert.That(queue.IsWoken, Is.False);
        queue.Time.Advance(TimeSpan.FromTicks(1));

        Assert.That(queue.IsWoken, Is.True);
    }

    [Test]
    public async Task Add_FurtherTokens_DoNotProlongTheWait()
    {
        await using var queue = new QueueUnderTest();

        queue.Add();
        queue.Time.Advance(60 * Tick);
        queue.Add();
        queue.Time.Advance(40 * Tick);

        Assert.That(queue.IsWoken, Is.True);
    }

    [TestCase(EventType.AgentStarted, false)]
    [TestCase(EventType.Token, true)]
    public async Task Add_CriticalOrUrgentAfterATokens_WakesAfterTheCriticalDelay(EventType type, bool isUrgent)
    {
        await using var queue = new QueueUnderTest();

        queue.Add();
        queue.Time.Advance(50 * Tick);
        queue.Add(type, isUrgent);
        queue.Time.Advance(3 * Tick);
        queue.Add(type, isUrgent);
        queue.Time.Advance((2 * Tick) - TimeSpan.FromTicks(1));
        Assert.That(queue.IsWoken, Is.False);
        queue.Time.Advance(TimeSpan.FromTicks(1));

        Assert.That(queue.IsWoken, Is.True);
    }

    [Test]
    public async Task Take_Batch_TheNextOneWaitsAnew()
    {
        await using var queue = new QueueUnderTest();
        queue.Add(EventType.AgentStarted);
        queue.Time.Advance(5 * Tick);
        Assert.That(queue.IsWoken, Is.True);

        Assert.That(queue.Queue.Take().Items, Has.Count.EqualTo(1));
        queue.Add();
        queue.Time.Advance(99 * Tick);
        Assert.That(queue.IsWoken, Is.False);
        queue.Time.Advance(Tick);

        Assert.That(queue.IsWoken, Is.True);
        Assert.That(queue.Queue.Take().Items, Has.Count.EqualTo(1));
    }

    [Test]
    public async Task Add_ManyOrLargeEvents_WakeAtOnce()
    {
        await using var many = new QueueUnderTest();
        for (var i = 0; i < 2000; i++)
        {
            Assert.That(many.IsWoken, Is.False);
            many.Add();
        }

        await using var large = new QueueUnderTest();
        large.Add(bytes: 1024 * 1024);

        Assert.That((many.IsWoken, large.IsWoken), Is.EqualTo((true, true)));
    }

    // Measured before: lists of a burst were made anew after each small batch in it, a third of all that was allocated.
    [Test]
    public async Task Take_SmallBatchesInABurst_KeepTheLargeListsUntilItIsOver()
    {
        await using var queue = new QueueUnderTest(new SqliteEventLogOptions { QueueEntries = 100_000 });
        var first = Taken(20_000);
        var second = Taken(20_000);

        Assert.That(first, Is.Not.SameAs(second));
        for (var i = 0; i < 32; i++)
        {
            Assert.That(Taken(1), Is.SameAs(first));
            Assert.That(Taken(1), Is.SameAs(second));
        }

        for (var i = 0; i < 300; i++)
        {
            Taken(1);
        }

        Assert.That(Math.Max(Taken(1).Capacity, Taken(1).Capacity), Is.LessThan(16_384));

        List<QueuedItem> Taken(int events)
        {
            for (var i = 0; i < events; i++)
            {
                queue.Add();
            }

            var items = queue.Queue.Take().Items;
            queue.Queue.Release(entries: items.Count, bytes: 100L * items.Count, requests: 0, storedBytes: 100L * items.Count);
            return items;
        }
    }

    [Test]
    public async Task Add_Job_WakesAtOnceAndKeepsItsPlace()
    {
        await using var queue = new QueueUnderTest();
        queue.Add();

        queue.Queue.TryAdd(new WriterJob<int>("test", static _ => 1));

        Assert.That(queue.IsWoken, Is.True);
        queue.Add();
        Assert.That(queue.Queue.Take().Items.Select(static item => item.Job is not null), Is.EqualTo(new[] { false, true, false }));
    }

    [Test]
    public async Task Add_AtABound_IsFullUntilWhatWasTakenIsStored()
    {
        await using var queue = new QueueUnderTest(
            new SqliteEventLogOptions { QueueEntries = 16, QueueBytes = 64 * 1024, MaxBytes = 100 * 1024 });
        for (var i = 0; i < 16; i++)
        {
            Assert.That(queue.Add(), Is.EqualTo(AppendResult.Taken));
        }

        Assert.That(queue.Add(), Is.EqualTo(AppendResult.Full), "QueueEntries");
        queue.Queue.Take();
        Assert.That(queue.Add(), Is.EqualTo(AppendResult.Full), "what is being committed counts");
        queue.Queue.Release(entries: 16, bytes: 1600, requests: 0, storedBytes: 1600);
        Assert.That(queue.Add(bytes: 60 * 1024), Is.EqualTo(AppendResult.Taken));
        Assert.That(queue.Add(bytes: 5 * 1024), Is.EqualTo(AppendResult.Full), "QueueBytes");
        queue.Queue.Release(entries: 1, bytes: 60 * 1024, requests: 0, storedBytes: 62 * 1024);
        Assert.That(queue.Add(bytes: 39 * 1024), Is.EqualTo(AppendResult.Full), "MaxBytes");
        Assert.That(queue.Add(bytes: 38 * 1024), Is.EqualTo(AppendResult.Taken));
        Assert.That(queue.Queue.Bytes, Is.EqualTo(100 * 1024));
    }

    [Test]
    public async Task WaitForRoom_Commits_WakeInOrderAsManyAsThereIsRoomFor()
    {
        await using var queue = new QueueUnderTest(new SqliteEventLogOptions { QueueEntries = 16 });
        for (var i = 0; i < 16; i++)
        {
            queue.Add();
        }

        queue.Queue.Take();
        var waiting = Enumerable.Range(0, 5).Select(_ => queue.Queue.WaitForRoomAsync(100, CancellationToken.None).AsTask()).ToList();
        queue.Queue.Release(entries: 3, bytes: 300, requests: 0, storedBytes: 300);

        await Task.WhenAll(waiting[..3]).WaitAsync(TestClient.Patience);
        Assert.That(waiting[3].IsCompleted, Is.False);
        Assert.That((queue.Add(), queue.Add(hasRoom: true)), Is.EqualTo((AppendResult.Full, AppendResult.Taken)));
        (await waiting[0]).Dispose();
        Assert.That(waiting[3].IsCompleted, Is.False, "the event took what the place had");
        (await waiting[1]).Dispose();
        await waiting[3].WaitAsync(TestClient.Patience);
        queue.Queue.Release(entries: 5, bytes: 500, requests: 0, storedBytes: 800);
        await waiting[4].WaitAsync(TestClient.Patience);
        Assert.That(queue.Add(), Is.EqualTo(AppendResult.Taken), "there is room for others besides");
    }

    [Test]
    public async Task WaitForRoom_WhilePaused_ComesWhenItGoesOnOrEnds([Values] bool ends)
    {
        await using var queue = new QueueUnderTest();
        queue.Queue.Pause();
        var waiting = queue.Queue.WaitForRoomAsync(100, CancellationToken.None).AsTask();
        queue.Queue.Release(entries: 0, bytes: 0, requests: 0, storedBytes: 0);
        Assert.That(waiting.IsCompleted, Is.False);

        if (ends)
        {
            queue.Queue.Close();
        }
        else
        {
            queue.Queue.Resume();
        }

        await waiting.WaitAsync(TestClient.Patience);
        Assert.That(queue.Add(hasRoom: true), Is.EqualTo(ends ? AppendResult.Failed : AppendResult.Taken));
    }

    [Test]
    public async Task Add_TooManyJobsOrPositions_AreRefused()
    {
        await using var queue = new QueueUnderTest(new SqliteEventLogOptions { QueueRequests = 16, QueueEntries = 16 });
        var progress = new HistoryEntry(Lease, new ConnectionProgress("c", default, 0, 1, 1, 1));

        Assert.That(
            Enumerable.Range(0, 17).Select(_ => queue.Queue.TryAdd(new WriterJob<int>("test", static _ => 1))).Count(static taken => taken),
            Is.EqualTo(16));
        Assert.That(Enumerable.Range(0, 17).Select(_ => queue.Queue.TryAdd(progress)).Count(static taken => taken), Is.EqualTo(16));
    }

    [Test]
    public async Task Add_Closed_FailsAndThrows()
    {
        await using var queue = new QueueUnderTest();

        queue.Queue.Close();

        Assert.That(queue.Add(), Is.EqualTo(AppendResult.Failed));
        Assert.That(() => queue.Queue.TryAdd(new WriterJob<int>("test", static _ => 1)), Throws.TypeOf<ObjectDisposedException>());
    }

    private sealed class QueueUnderTest : IAsyncDisposable
    {
        private readonly AutoResetEvent _wake = new(initialState: false);

        public QueueUnderTest(SqliteEventLogOptions? options = null)
            => Queue = new AppendQueue(options ?? new SqliteEventLogOptions(), Time, _wake);

        public TestTimeProvider Time { get; } = new();

        public AppendQueue Queue { get; }

        /// <summary>Whether the writer was woken since this was last asked.</summary>
        public bool IsWoken => _wake.WaitOne(0);

        public AppendResult Add(EventType type = EventType.Token, bool isUrgent = false, int bytes = 100, bool hasRoom = false)
            => Queue.TryAdd(Lease, new LogEntry(1, type, default, new byte[bytes]) { IsUrgent = isUrgent, HasRoom = hasRoom });

        public async ValueTask DisposeAsync()
        {
            await Queue.DisposeAsync();
            _wake.Dispose();
        }
    }
}

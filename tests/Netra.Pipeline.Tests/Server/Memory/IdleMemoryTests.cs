using Microsoft.Extensions.Logging.Abstractions;
using Netra.Pipeline.Server.Memory;
using Netra.Pipeline.Tests.Infrastructure;

namespace Netra.Pipeline.Tests.Server.Memory;

[Parallelizable(ParallelScope.All)]
internal sealed class IdleMemoryTests
{
    private const long Mebibyte = 1024 * 1024;

    [Test]
    public async Task Load_HasEnded_MemoryIsGivenBackOnce()
    {
        using var process = await ProcessUnderTest.StartAsync();
        process.Allocate(committed: 900);
        process.Pass(1);
        Assert.That(process.GivenBack, Is.Zero, "it is at work");

        process.Pass(3);
        Assert.That(process.GivenBack, Is.EqualTo(1));
        process.Pass(100);

        Assert.That(process.GivenBack, Is.EqualTo(1));
    }

    [Test]
    public async Task Load_GoesOn_NothingIsStopped()
    {
        using var process = await ProcessUnderTest.StartAsync();
        for (var i = 0; i < 100; i++)
        {
            process.Allocate(committed: 900, allocated: 21);
            process.Pass(1);
        }

        Assert.That(process.GivenBack, Is.Zero);
    }

    [Test]
    public async Task Memory_LittleMoreThanBefore_IsKept()
    {
        using var process = await ProcessUnderTest.StartAsync();
        process.Allocate(committed: 100 + 127);

        process.Pass(100);

        Assert.That(process.GivenBack, Is.Zero);
    }

    [Test]
    public async Task Load_ComesAndGoes_IsSeldomStoppedFor()
    {
        using var process = await ProcessUnderTest.StartAsync();
        for (var minute = 0; minute < 10; minute++)
        {
            process.Allocate(committed: 900);
            process.Pass(12);
        }

        Assert.That(process.GivenBack, Is.EqualTo(2), "in ten minutes");
    }

    [Test]
    public async Task Memory_StillInUse_IsNotAskedForAgain()
    {
        using var process = await ProcessUnderTest.StartAsync();
        process.Kept = 800;
        process.Allocate(committed: 900);

        process.Pass(1_000);

        Assert.That(process.GivenBack, Is.EqualTo(1));
    }

    private sealed class ProcessUnderTest : IDisposable
    {
        private readonly TestTimeProvider _time = new();
        private readonly IdleMemory _memory;
        private MemorySample _sample = new(0, 100 * Mebibyte);

        private ProcessUnderTest() => _memory = new IdleMemory(() => _sample, GiveBack, NullLogger<IdleMemory>.Instance, _time);

        public int GivenBack { get; private set; }

        /// <summary>What a collection leaves, in MiB.</summary>
        public long Kept { get; set; } = 100;

        public static async Task<ProcessUnderTest> StartAsync()
        {
            var process = new ProcessUnderTest();
            await process._memory.StartAsync(CancellationToken.None);
            return process;
        }

        public void Allocate(long committed, long allocated = 1_000)
            => _sample = new MemorySample(_sample.AllocatedBytes + (allocated * Mebibyte), committed * Mebibyte);

        public void Pass(int intervals)
        {
            for (var i = 0; i < intervals; i++)
            {
                _time.Advance(IdleMemory.Interval);
            }
        }

        public void Dispose() => _memory.Dispose();

        private void GiveBack()
        {
            GivenBack++;
            _sample = _sample with { CommittedBytes = Kept * Mebibyte };
        }
    }
}

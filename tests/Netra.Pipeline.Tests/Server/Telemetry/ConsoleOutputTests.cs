using Netra.Pipeline.Server.Telemetry;

namespace Netra.Pipeline.Tests.Server.Telemetry;

[TestFixture]
[Parallelizable(ParallelScope.All)]
internal sealed class ConsoleOutputTests
{
    // Whoever still writes must not cut short the wait for what was written before.
    [Test]
    public async Task Dispose_WhileOthersWrite_HandsOnWhatWaited()
    {
        using var begun = new SemaphoreSlim(0);
        using var goOn = new SemaphoreSlim(0);
        await using var output = new GatedStream(begun, goOn);
        var console = new ConsoleOutput(output, lastPatience: TimeSpan.FromMinutes(1));
        await console.WriteAsync("first");
        await console.WriteAsync("second");
        await begun.WaitAsync();

        var disposing = Task.Run(console.Dispose);
        for (var i = 0; i < 20 && !disposing.IsCompleted; i++)
        {
            await console.WriteAsync("x");
            await Task.Delay(TimeSpan.FromMilliseconds(5), TimeProvider.System);
        }

        Assert.That(disposing.IsCompleted, Is.False, "nothing has been handed on yet");
        goOn.Release(1000);
        await disposing;
        Assert.That(output.Written, Is.GreaterThanOrEqualTo("firstsecond".Length));
    }

    private sealed class GatedStream(SemaphoreSlim begun, SemaphoreSlim goOn) : MemoryStream
    {
        private long _written;

        public long Written => Interlocked.Read(ref _written);

        public override void Write(ReadOnlySpan<byte> buffer)
        {
            begun.Release();
            goOn.Wait();
            Interlocked.Add(ref _written, buffer.Length);
        }
    }
}

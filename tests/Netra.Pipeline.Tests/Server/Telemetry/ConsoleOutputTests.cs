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

    // What met a full pipe that does not block used to be the last thing that was ever written.
    [Test]
    public async Task Write_ToAFullPipeThatDoesNotBlock_IsTriedAgain()
    {
        await using var output = new FullStream();
        var console = new ConsoleOutput(output, lastPatience: TimeSpan.FromMinutes(1));
        var entry = new string('x', 10_000);
        await console.WriteAsync(entry);
        await console.WriteAsync("after");

        await console.DisposeAsync();

        Assert.That(output.Text, Is.EqualTo(entry + "after"));
        Assert.That(console.Dropped, Is.Zero);
    }

    /// <summary>Takes every third write.</summary>
    private sealed class FullStream : MemoryStream
    {
        private int _writes;

        public string Text => System.Text.Encoding.UTF8.GetString(ToArray());

        public override void Write(ReadOnlySpan<byte> buffer)
        {
            if (++_writes % 3 != 0)
            {
                throw new IOException("The pipe is full.", hresult: OperatingSystem.IsMacOS() ? 35 : 11);
            }

            base.Write(buffer);
        }
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

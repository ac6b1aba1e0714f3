using BenchmarkDotNet.Attributes;
using Netra.Pipeline.Benchmarks.Infrastructure;
using Netra.Pipeline.Events;
using Netra.Pipeline.Streams;

namespace Netra.Pipeline.Benchmarks.Streams;

/// <summary>
/// A connection that is 128 events behind, until it is live again: from the window, and from the in-memory log. The
/// baseline puts as many arrays into a list.
/// </summary>
public class CatchUpBenchmarks
{
    private const int Events = 128;

    private readonly List<SendFrame> _page = [];
    private byte[] _event = [];
    private PipelineParts _windowParts = null!;
    private PipelineParts _logParts = null!;
    private UserStream _inWindow = null!;
    private UserStream _inLog = null!;
    private StreamSubscription _fromWindow = null!;
    private StreamSubscription _fromLog = null!;

    [GlobalSetup]
    public async Task SetUpAsync()
    {
        (_windowParts, _inWindow, _fromWindow) = await SetUpAsync(windowEvents: 256);
        (_logParts, _inLog, _fromLog) = await SetUpAsync(windowEvents: 16);
        await FromWindow();
        _event = _page[^1].Buffer;
    }

    [GlobalCleanup]
    public async Task CleanUpAsync()
    {
        await _windowParts.DisposeAsync();
        await _logParts.DisposeAsync();
    }

    [Benchmark(Baseline = true, OperationsPerInvoke = Events)]
    public int IntoList()
    {
        _page.Clear();
        for (var seq = 1; seq <= Events; seq++)
        {
            _page.Add(SendFrame.ForEvent(seq, _event));
        }

        return _page.Count;
    }

    [Benchmark(OperationsPerInvoke = Events)]
    public ValueTask<int> FromWindow() => CatchUpAsync(_inWindow, _fromWindow);

    [Benchmark(OperationsPerInvoke = Events)]
    public ValueTask<int> FromLog() => CatchUpAsync(_inLog, _fromLog);

    private async ValueTask<int> CatchUpAsync(UserStream stream, StreamSubscription subscription)
    {
        subscription.Mode = SubscriptionMode.Replaying;
        subscription.Next = 1;
        subscription.UpdateHasPages();
        var count = 0;
        while (subscription.HasPages)
        {
            _page.Clear();
            await stream.Pages.FillAsync(subscription, _page, _windowParts.Connections.BatchBytes);
            count += _page.Count;
        }

        return count == Events ? count : throw new InvalidOperationException($"{count} events came instead of {Events}.");
    }

    private static async Task<(PipelineParts, UserStream, StreamSubscription)> SetUpAsync(int windowEvents)
    {
        var parts = new PipelineParts(options => options.WindowEvents = windowEvents);
        var stream = await parts.StreamAsync();
        await using var emitter = await parts.EmitterAsync();
        for (var i = 0; i < Events; i++)
        {
            await emitter.TokenAsync(" the next few words");
        }

        return (parts, stream, parts.Attach(stream));
    }
}

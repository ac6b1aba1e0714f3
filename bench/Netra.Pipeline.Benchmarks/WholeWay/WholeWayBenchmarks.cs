using BenchmarkDotNet.Attributes;
using Netra.Pipeline.Benchmarks.Connections;
using Netra.Pipeline.Benchmarks.Infrastructure;
using Netra.Pipeline.Emission;
using Netra.Pipeline.Events;

namespace Netra.Pipeline.Benchmarks.WholeWay;

/// <summary>
/// Tokens from their emission to a page's socket and back, as its acknowledgements: 10,240 in one go, on Kestrel and the SQLite log, until
/// the last one is acknowledged. The baselines send as many frames of the same length over a bare loopback socket to a thread that reads
/// them: with one <c>Socket.Send</c> each, and with one for 64. All threads of the process are in the times and in the allocations, the
/// log's writer and the page's included.
/// </summary>
public class WholeWayBenchmarks
{
    private const int Batch = 64;
    private const int Events = 160 * Batch;
    private const string UserId = "user-0042";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private byte[] _batch = [];
    private int _frameBytes;
    private WholeWayServer _server = null!;
    private RawPage _page = null!;
    private EventEmitter _emitter = null!;
    private BareConnection _bare = null!;

    [GlobalSetup]
    public async Task SetUpAsync()
    {
        _server = await WholeWayServer.StartAsync();
        _page = await RawPage.ConnectAsync(_server.Port, UserId);
        _emitter = await _server.EmitterAsync(UserId);
        await EmitUntilAcknowledged();
        _frameBytes = _page.FrameBytes;
        _batch = new byte[_frameBytes * Batch];
        _bare = await BareConnection.OpenAsync();
    }

    [GlobalCleanup]
    public async Task CleanUpAsync()
    {
        await _emitter.DisposeAsync();
        _page.Dispose();
        _bare.Dispose();
        await _server.DisposeAsync();
    }

    [Benchmark(Baseline = true, OperationsPerInvoke = Events)]
    public void SendPerEvent() => _bare.Send(_batch.AsSpan(0, _frameBytes), Events);

    [Benchmark(OperationsPerInvoke = Events)]
    public void SendPerBatch() => _bare.Send(_batch, Events / Batch);

    [Benchmark(OperationsPerInvoke = Events)]
    [HotPathStep(10, "whole way", "emitted, stored, received and acknowledged", "`Socket.Send`, one an event")]
    [HotPathStep(11, "whole way", "the same", "`Socket.Send`, one for 64 events", BareMethod = nameof(SendPerBatch))]
    public async Task EmitUntilAcknowledged()
    {
        var receipt = default(EventReceipt);
        for (var i = 0; i < Events; i++)
        {
            receipt = await _emitter.TokenAsync(" the next few words");
        }

        await receipt.WhenAsync(DeliveryStage.Acknowledged, Patience);
    }
}

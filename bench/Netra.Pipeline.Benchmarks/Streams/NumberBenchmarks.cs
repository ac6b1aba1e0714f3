using BenchmarkDotNet.Attributes;
using Microsoft.Extensions.Options;
using Netra.Pipeline.Benchmarks.Infrastructure;
using Netra.Pipeline.Contexts;
using Netra.Pipeline.Emission;
using Netra.Pipeline.Events;
using Netra.Pipeline.Protocol;
using Netra.Pipeline.Storage;
using Netra.Pipeline.Streams;

namespace Netra.Pipeline.Benchmarks.Streams;

/// <summary>
/// What an encoded event passes under its stream's lock, with nobody connected and a log that only takes: number, head, window, run and
/// accounts. The baseline is a lock, an increment, and the event's array copied into a ring. Each has the one array of an event.
/// </summary>
public class NumberBenchmarks
{
    private const int Window = 256;
    private const string Delta = " the next few words";

    private static readonly DateTimeOffset Now = DateTimeOffset.UnixEpoch.AddSeconds(1_763_784_000.123456);

    private readonly Lock _gate = new();
    private readonly byte[][] _ring = new byte[Window][];
    private readonly ulong _tag = OwnerTag.Of(PipelineParts.UserId);
    private byte[] _body = [];
    private byte[] _event = [];
    private long _head;
    private PipelineParts _parts = null!;
    private UserStream _stream = null!;
    private StreamRun _run = null!;

    [GlobalSetup]
    public async Task SetUpAsync()
    {
        var constants = new EnvelopeConstants(
            new UserExecutionContext(PipelineParts.UserId, "thread-7", "run-19", "request-3", trace: null, isSystem: false));
        var encoder = EventEncoder.Rent();
        encoder.Begin(EventType.Token, constants.Head, Now);
        encoder.Data.WriteStartObject();
        encoder.Data.WriteString("delta"u8, Delta);
        encoder.Data.WriteEndObject();
        _body = encoder.Finish(constants.Trace).ToArray();
        encoder.Return();
        _event = new EventDraft(EventType.Token, Now, _tag, _body, expectedSeq: 1_000_000)
            .Complete(EventDraft.KeyOf(0x1234_5678_9ABC_DEF0), 1_000_000);
        _parts = new PipelineParts(
            log: new TakingLog(new InMemoryEventLog(Options.Create(new InMemoryEventLogOptions()), TimeProvider.System)));
        _stream = await _parts.StreamAsync();
        _run = await _stream.Runs.EnterAsync("thread-7", "run-19", agentName: null, CancellationToken.None);
    }

    [GlobalCleanup]
    public async Task CleanUpAsync() => await _parts.DisposeAsync();

    [Benchmark(Baseline = true)]
    public long LockIncrementAndCopy()
    {
        lock (_gate)
        {
            var seq = ++_head;
            _ring[seq % Window] = _event.AsSpan().ToArray();
            return seq;
        }
    }

    [Benchmark]
    [HotPathStep(2, "number", "number, window, run and accounts, nobody connected", "lock, increment, one array into a ring")]
    public long Append()
        => _stream.Append(new EventDraft(EventType.Token, Now, _tag, _body, _stream.ExpectedSeq), _run, requireRoom: false).Seq;
}

using System.Text;
using System.Text.Json;
using BenchmarkDotNet.Attributes;
using Netra.Pipeline.Benchmarks.Infrastructure;
using Netra.Pipeline.Protocol;
using Netra.Pipeline.Streams;

namespace Netra.Pipeline.Benchmarks.Streams;

/// <summary>
/// One acknowledgement from its bytes to the stream's intervals, its accounts and the log's mark that there is something to save; each one
/// confirms 64 more events. The baseline only parses the same bytes with <see cref="Utf8JsonReader"/>. Receiving the frame is in neither.
/// </summary>
public class AcknowledgeBenchmarks
{
    // Enough for one iteration to last: a stream confirms each event once, so every iteration has a new one.
    private const int Messages = 65_536;
    private const int AckEvery = 64;
    private const int WarmUps = 20;

    // All messages are equally long.
    private const long Start = 100_000_000;

    private byte[][] _compact = [];
    private byte[][] _spaced = [];
    private int _iterations;
    private PipelineParts _parts = null!;
    private UserStream _stream = null!;
    private StreamSubscription _subscription = null!;

    [GlobalSetup]
    public void SetUp()
    {
        var seqs = Enumerable.Range(1, Messages).Select(SeqOf).ToList();
        _compact = [.. seqs.Select(static seq => Encoding.UTF8.GetBytes($$"""{"type":"ack","seq":{{seq}}}"""))];
        _spaced = [.. seqs.Select(static seq => Encoding.UTF8.GetBytes($$"""{"seq": {{seq}}, "type": "ack"}"""))];
        _parts = new PipelineParts();

        // An iteration is one invocation: the code has to be compiled before.
        for (var i = 0; i < WarmUps; i++)
        {
            ParseOnly();
            Begin();
            CompactAck();
            Begin();
            AckInAnotherForm();
        }
    }

    [IterationSetup]
    public void Begin() => BeginAsync().GetAwaiter().GetResult();

    [GlobalCleanup]
    public async Task CleanUpAsync() => await _parts.DisposeAsync();

    [Benchmark(Baseline = true, OperationsPerInvoke = Messages)]
    public long ParseOnly()
    {
        var sum = 0L;
        foreach (var message in _compact)
        {
            var reader = new Utf8JsonReader(message);
            while (reader.Read())
            {
                if (reader.TokenType == JsonTokenType.Number)
                {
                    sum += reader.GetInt64();
                }
            }
        }

        return sum;
    }

    [Benchmark(OperationsPerInvoke = Messages)]
    [HotPathStep(9, "ack", "an `ack` from its bytes to intervals and accounts", "`Utf8JsonReader` over its bytes", Events = AckEvery)]
    public bool CompactAck()
    {
        var outcome = default(AcknowledgeOutcome);
        foreach (var message in _compact)
        {
            outcome = ClientMessageReader.TryReadAck(message, out var seq)
                ? _stream.Acknowledge(_subscription, seq)
                : throw new InvalidOperationException("The benchmark's message is not compact.");
        }

        return outcome == AcknowledgeOutcome.Progress;
    }

    [Benchmark(OperationsPerInvoke = Messages)]
    public bool AckInAnotherForm()
    {
        var outcome = default(AcknowledgeOutcome);
        foreach (var message in _spaced)
        {
            outcome = ClientMessageReader.Read(message) is AckMessage ack
                ? _stream.Acknowledge(_subscription, ack.Seq)
                : throw new InvalidOperationException("The benchmark's message is no acknowledgement.");
        }

        return outcome == AcknowledgeOutcome.Progress;
    }

    private static long SeqOf(int message) => Start + ((long)message * AckEvery);

    private async Task BeginAsync()
    {
        _stream = await _parts.StreamAsync($"user-{++_iterations}");
        _subscription = _parts.Attach(_stream);
        _subscription.LastWritten = SeqOf(Messages);
    }
}

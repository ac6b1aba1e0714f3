using System.Text;
using System.Text.Json;
using BenchmarkDotNet.Attributes;
using Netra.Pipeline.Benchmarks.Infrastructure;
using Netra.Pipeline.Protocol;
using Netra.Pipeline.Streams;

namespace Netra.Pipeline.Benchmarks.Streams;

/// <summary>
/// One acknowledgement from its bytes to the stream's intervals. The baseline only parses the same bytes with
/// <see cref="Utf8JsonReader"/>. Receiving the frame is in neither.
/// </summary>
public class AcknowledgeBenchmarks
{
    private const int Messages = 256;

    private byte[][] _compact = [];
    private byte[][] _spaced = [];
    private PipelineParts _parts = null!;
    private UserStream _stream = null!;
    private StreamSubscription _subscription = null!;

    [GlobalSetup]
    public async Task SetUpAsync()
    {
        // One batch of 64 events further each, as clients acknowledge by default.
        _compact = [.. Enumerable.Range(1, Messages).Select(static i => Encoding.UTF8.GetBytes($$"""{"type":"ack","seq":{{i * 64}}}"""))];
        _spaced = [.. Enumerable.Range(1, Messages).Select(static i => Encoding.UTF8.GetBytes($$"""{"seq": {{i * 64}}, "type": "ack"}"""))];
        _parts = new PipelineParts();
        _stream = await _parts.StreamAsync();
        _subscription = _parts.Attach(_stream);
        _subscription.LastWritten = Messages * 64;
    }

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
    public bool CompactAck()
    {
        Rewind();
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
        Rewind();
        var outcome = default(AcknowledgeOutcome);
        foreach (var message in _spaced)
        {
            outcome = ClientMessageReader.Read(message) is AckMessage ack
                ? _stream.Acknowledge(_subscription, ack.Seq)
                : throw new InvalidOperationException("The benchmark's message is no acknowledgement.");
        }

        return outcome == AcknowledgeOutcome.Progress;
    }

    // Every acknowledgement makes progress: that is the longer way.
    private void Rewind() => _subscription.Acknowledged = 0;
}

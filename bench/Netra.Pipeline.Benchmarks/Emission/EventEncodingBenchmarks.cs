using System.Text.Json;
using System.Text.Json.Nodes;
using BenchmarkDotNet.Attributes;
using BenchmarkDotNet.Configs;
using Netra.Pipeline.Benchmarks.Infrastructure;
using Netra.Pipeline.Contexts;
using Netra.Pipeline.Emission;
using Netra.Pipeline.Events;
using Netra.Pipeline.Protocol;

namespace Netra.Pipeline.Benchmarks.Emission;

/// <summary>
/// From an event's values to its finished bytes: <see cref="EventEncoder"/> and <see cref="EventDraft"/> against one call of the
/// source-generated serializer on a DTO of the same shape, number and id included.
/// </summary>
[GroupBenchmarksBy(BenchmarkLogicalGroupRule.ByCategory)]
[CategoriesColumn]
public class EventEncodingBenchmarks
{
    private const long Seq = 48_213;
    private const string Id = "0f3k7x9m2qwcb-48213";
    private const string Delta = " the next few words";

    private static readonly DateTimeOffset Now = DateTimeOffset.UnixEpoch.AddSeconds(1_763_784_000.123456);

    private readonly byte[] _key = EventDraft.KeyOf(0x1234_5678_9ABC_DEF0);
    private readonly JsonNode _arguments = JsonNode.Parse("""{"query":"how does replay work","limit":5}""")!;
    private readonly ulong _tag = OwnerTag.Of("user-0042");
    private readonly EnvelopeConstants _constants = new(
        new UserExecutionContext("user-0042", "thread-7", "run-19", "request-3", trace: null, isSystem: false));
    private readonly JsonElement _argumentsElement = JsonElement.Parse("""{"query":"how does replay work","limit":5}""");

    [Benchmark(Baseline = true)]
    [BenchmarkCategory("token")]
    public byte[] TokenBySerializer() => JsonSerializer.SerializeToUtf8Bytes(
        new EventDto<TokenDto>(Seq, Id, "token", "thread-7", "run-19", 1_763_784_000.123456, new TokenDto(Delta)),
        EventJsonContext.Default.EventDtoTokenDto);

    [Benchmark]
    [BenchmarkCategory("token")]
    [HotPathStep(0, "emit", "a token's values to its bytes", "the generated serializer")]
    public byte[] Token()
    {
        var encoder = Begin(EventType.Token);
        encoder.Data.WriteString("delta"u8, Delta);
        encoder.Data.WriteEndObject();
        return Finish(encoder, EventType.Token);
    }

    [Benchmark(Baseline = true)]
    [BenchmarkCategory("tool")]
    public byte[] ToolBySerializer() => JsonSerializer.SerializeToUtf8Bytes(
        new EventDto<ToolDto>(
            Seq, Id, "tool_executing", "thread-7", "run-19", 1_763_784_000.123456,
            new ToolDto("search_docs", "call-2", _argumentsElement, new MetadataDto(), 1_763_784_000.123456)),
        EventJsonContext.Default.EventDtoToolDto);

    [Benchmark]
    [BenchmarkCategory("tool")]
    [HotPathStep(1, "emit", "a tool's values to its bytes", "the generated serializer")]
    public byte[] Tool()
    {
        var encoder = Begin(EventType.ToolExecuting);
        var data = encoder.Data;
        data.WriteString("tool_name"u8, "search_docs");
        data.WriteString("call_id"u8, "call-2");
        data.WritePropertyName("arguments"u8);
        _arguments.WriteTo(data);
        data.WriteStartObject("metadata"u8);
        data.WriteEndObject();
        data.WritePropertyName("timestamp"u8);
        data.Flush();
        encoder.WriteSeconds(Now);
        encoder.WriteRaw("}"u8);
        return Finish(encoder, EventType.ToolExecuting);
    }

    private EventEncoder Begin(EventType type)
    {
        var encoder = EventEncoder.Rent();
        encoder.Begin(type, _constants.Head, Now);
        encoder.Data.WriteStartObject();
        return encoder;
    }

    private byte[] Finish(EventEncoder encoder, EventType type)
    {
        var draft = new EventDraft(type, Now, _tag, encoder.Finish(_constants.Trace), Seq);
        encoder.Return();
        return draft.Complete(_key, Seq);
    }
}

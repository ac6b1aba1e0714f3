using System.Text;
using System.Text.Json;
using BenchmarkDotNet.Attributes;
using Netra.Pipeline.Protocol;
using Netra.Pipeline.Publishing;

namespace Netra.Pipeline.Benchmarks.Publishing;

/// <summary>
/// One event of a publisher, from the bytes of its line to data that is checked and compact, in a request that has published to this run
/// before. The baseline reads the same bytes with a bare <see cref="Utf8JsonReader"/> and looks at nothing.
/// </summary>
public class ReadEventBenchmarks
{
    private const string Head = """{"user_id":"user-0042","thread_id":"thread-7","run_id":"run-19",""";

    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    private readonly PublishTarget _target = new("user-0042", "thread-7", "run-19", TraceParent: null, TraceState: null);
    private byte[] _json = [];

    /// <summary>
    /// Which event: <c>spaced</c> is how Python writes a token by default, <c>indented</c> a long result with all white space.
    /// </summary>
    [Params("token", "spaced", "tool", "result", "indented")]
    public string Event { get; set; } = "token";

    [GlobalSetup]
    public void SetUp()
    {
        var text = Head + Event switch
        {
            "token" => """
                "type":"token","data":{"delta":" the next few words"}}
                """,
            "spaced" => """
                "type": "token", "data": {"delta": " the next few words"}}
                """,
            "tool" => """
                "type":"tool_executing","data":{"tool_name":"search_docs","call_id":"c-2","arguments":{"query":"how does replay work"}}}
                """,
            _ => """
                "type":"tool_completed","data":{"tool_name":"search_docs","call_id":"c-2","status":"ok","result":[<results>]}}
                """.Replace("<results>", Results(), StringComparison.Ordinal),
        };
        _json = Event == "indented"
            ? JsonSerializer.SerializeToUtf8Bytes(JsonElement.Parse(text), Indented)
            : Encoding.UTF8.GetBytes(text);
    }

    [Benchmark(Baseline = true)]
    public int ReadTokens()
    {
        var reader = new Utf8JsonReader(_json, new JsonReaderOptions { MaxDepth = ProtocolConstants.MaxDepth });
        var tokens = 0;
        while (reader.Read())
        {
            tokens++;
        }

        return tokens;
    }

    [Benchmark]
    public int ReadEvent()
    {
        using var read = PublishedEventReader.Read(_json, _target);
        return read.Data.Json.Length;
    }

    private static string Results() => string.Join(
        ',', Enumerable.Range(0, 200).Select(static i => $$"""{"id":{{i}},"title":"Result number {{i}}","tags":["a","b"]}"""));
}

using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Text.Json;
using Netra.Pipeline.Diagnostics;
using Netra.Pipeline.Protocol;

namespace Netra.Pipeline.Emission;

/// <summary>
/// <c>gen_ai.client.token.usage</c>, from what runs say that they have cost. Models are named by publishers, so only the first ones are
/// told apart.
/// </summary>
internal sealed class TokenUsageMetrics
{
    /// <summary>The name of the event that says what something has cost outside of any run.</summary>
    public const string EventName = "usage";

    private const int MaxModels = 100;
    private const string Other = "_OTHER";

    // As the conventions have them.
    private static readonly double[] Tokens =
        [1, 4, 16, 64, 256, 1024, 4096, 16_384, 65_536, 262_144, 1_048_576, 4_194_304, 16_777_216, 67_108_864];

    private readonly ConcurrentDictionary<(string? Provider, string? Requested, string? Answered), bool> _models = new();
    private readonly Histogram<long> _usage;

    public TokenUsageMetrics(IMeterFactory meters) => _usage = meters.Create(PipelineMeter.Name).CreateHistogram(
        "gen_ai.client.token.usage",
        "{token}",
        "Tokens that runs have used, as their terminal events say.",
        tags: null,
        new InstrumentAdvice<long> { HistogramBucketBoundaries = [.. Tokens.Select(static bound => (long)bound)] });

    /// <summary>Records what an accepted event says.</summary>
    public void Record(TokenUsage usage)
    {
        var model = (usage.ProviderName, usage.RequestModel, usage.ResponseModel);
        if (!_models.ContainsKey(model) && (_models.Count >= MaxModels || !_models.TryAdd(model, true)))
        {
            model = (Other, Other, Other);
        }

        Record("input", usage.InputTokens, model);
        Record("output", usage.OutputTokens, model);
    }

    /// <summary>Records what the data of an accepted event says, if it says anything.</summary>
    public void Record(in PublishedData data, bool isOfRun)
    {
        var isTerminal = isOfRun && EventTypes.IsTerminal(data.Type);
        var mayHave = isTerminal || (!isOfRun && data.Type == EventType.Custom);
        if (!mayHave || data.Json.Span.IndexOf("\"usage\""u8) < 0)
        {
            return;
        }

        using var document = JsonDocument.Parse(data.Json);
        var members = document.RootElement;
        JsonElement usage = default;
        var has = isTerminal
            ? members.TryGetProperty("usage", out usage)
            : members.GetProperty("name").ValueEquals(EventName) && members.TryGetProperty("value", out usage);
        if (has && usage.ValueKind == JsonValueKind.Object)
        {
            Record(new TokenUsage(Count(usage, "input_tokens"), Count(usage, "output_tokens"))
            {
                ProviderName = Text(usage, "provider_name"),
                RequestModel = Text(usage, "request_model"),
                ResponseModel = Text(usage, "response_model"),
            });
        }
    }

    // Outside of a run nobody has checked the value.
    private static long? Count(JsonElement usage, string name) => usage.TryGetProperty(name, out var value)
        && value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out var count) && count >= 0 ? count : null;

    private static string? Text(JsonElement usage, string name)
        => usage.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private void Record(string type, long? tokens, (string? Provider, string? Requested, string? Answered) model)
    {
        if (tokens is not { } count)
        {
            return;
        }

        var tags = new TagList { { "gen_ai.operation.name", "invoke_agent" }, { "gen_ai.token.type", type } };
        Add(ref tags, "gen_ai.provider.name", model.Provider);
        Add(ref tags, "gen_ai.request.model", model.Requested);
        Add(ref tags, "gen_ai.response.model", model.Answered);
        _usage.Record(count, tags);
    }

    private static void Add(ref TagList tags, string name, string? value)
    {
        if (value is not null)
        {
            tags.Add(name, value);
        }
    }
}

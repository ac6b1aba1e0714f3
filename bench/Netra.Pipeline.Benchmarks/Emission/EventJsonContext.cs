using System.Text.Json.Serialization;

namespace Netra.Pipeline.Benchmarks.Emission;

/// <summary>
/// The serializer's generated code for the baselines. With its default encoder, which these texts give nothing to escape: another one
/// would turn the generated fast path off.
/// </summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(EventDto<TokenDto>))]
[JsonSerializable(typeof(EventDto<ToolDto>))]
internal sealed partial class EventJsonContext : JsonSerializerContext;

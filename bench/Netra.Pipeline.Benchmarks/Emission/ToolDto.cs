using System.Text.Json;

namespace Netra.Pipeline.Benchmarks.Emission;

/// <summary>The data of a tool's start.</summary>
internal sealed record ToolDto(string ToolName, string CallId, JsonElement Arguments, MetadataDto Metadata, double Timestamp);

namespace Netra.Pipeline.Benchmarks.Emission;

/// <summary>Metadata that says nothing.</summary>
internal sealed record MetadataDto;

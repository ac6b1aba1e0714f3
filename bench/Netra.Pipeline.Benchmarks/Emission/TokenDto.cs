namespace Netra.Pipeline.Benchmarks.Emission;

/// <summary>The data of a token.</summary>
internal sealed record TokenDto(string Delta);

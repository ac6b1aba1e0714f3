namespace Netra.Pipeline.Emission;

/// <summary>
/// What a run, or something else, has cost, by the names of the OpenTelemetry conventions for generative AI. Immutable.
/// </summary>
/// <param name="InputTokens">Tokens that went into models; null when it is not known. Not negative.</param>
/// <param name="OutputTokens">Tokens that came out; null when it is not known. Not negative.</param>
public sealed record TokenUsage(long? InputTokens, long? OutputTokens)
{
    /// <summary>The provider (<c>gen_ai.provider.name</c>), such as <c>openai</c>; null when it is not known.</summary>
    public string? ProviderName { get; init; }

    /// <summary>The model that was asked for (<c>gen_ai.request.model</c>); null when it is not known.</summary>
    public string? RequestModel { get; init; }

    /// <summary>The model that answered (<c>gen_ai.response.model</c>); null when it is not known.</summary>
    public string? ResponseModel { get; init; }
}

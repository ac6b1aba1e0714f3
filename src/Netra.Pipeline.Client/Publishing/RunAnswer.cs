using System.Text.Json;

namespace Netra.Pipeline.Client.Publishing;

/// <summary>What somebody has answered to what a run asked.</summary>
/// <param name="Value">The answer: true or false, one of the options, a text, or any JSON, as was asked.</param>
/// <param name="By">Who gave it.</param>
public sealed record RunAnswer(JsonElement Value, string By);

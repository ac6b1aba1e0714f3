using System.Text.Json;
using System.Text.Json.Nodes;

namespace Netra.Pipeline.Agents;

/// <summary>What an agent was asked, as it is stored with a run that another process may start again.</summary>
/// <param name="Input">The question.</param>
/// <param name="Data">What came with it, if anything.</param>
/// <param name="RequestId">What correlates it with what it came from.</param>
internal sealed record ResumedInput(string Input, JsonNode? Data, string RequestId)
{
    public static ReadOnlyMemory<byte> Write(RunRequest request) => JsonSerializer.SerializeToUtf8Bytes(new JsonObject
    {
        ["input"] = request.Input,
        ["data"] = request.Data?.DeepClone(),
        ["request_id"] = request.Context.RequestId,
    });

    /// <exception cref="JsonException">It is not what was written.</exception>
    public static ResumedInput Read(ReadOnlyMemory<byte> stored)
    {
        var members = JsonNode.Parse(stored.Span)?.AsObject() ?? throw new JsonException("The stored input of a run is no object.");
        return new ResumedInput(
            members["input"]?.GetValue<string>() ?? throw new JsonException("The stored input of a run has no question."),
            members["data"]?.DeepClone(),
            members["request_id"]?.GetValue<string>() ?? throw new JsonException("The stored input of a run has no request id."));
    }
}

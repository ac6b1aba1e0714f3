using Netra.Pipeline.Protocol;
using Netra.Pipeline.Tests.Infrastructure;

namespace Netra.Pipeline.Tests.Crash;

/// <summary>An event that a writer publishes. No two have the same marker, so whoever meets it knows which one it is.</summary>
/// <param name="UserId">Whom it is for.</param>
/// <param name="RunId">The run; one writer has it to itself.</param>
/// <param name="Type">What it is.</param>
/// <param name="Index">Its place among the events of its writer.</param>
/// <param name="Marker">Its mark, which is its idempotency key too if it has one.</param>
/// <param name="HasKey">Whether it may be published again until it is answered.</param>
internal sealed record PublishedEvent(string UserId, string RunId, EventType Type, int Index, string Marker, bool HasKey)
{
    public const string MarkerMember = "marker";

    /// <summary>The request, or the line, that publishes it: each time the same.</summary>
    public string Json
    {
        get
        {
            var rest = Type switch
            {
                EventType.AgentStarted or EventType.AgentCompleted => """ "agent_name":"chaos" """,
                EventType.AgentThinking => """ "thought":"hm" """,
                EventType.ToolExecuting or EventType.ToolCompleted => """ "tool_name":"dice" """,
                EventType.Token => """ "delta":"x" """,
                EventType.Custom => """ "name":"n","value":[1,2] """,
                _ => throw new NotSupportedException($"No writer publishes {Type}."),
            };
            var json = PublishExtensions.EventJson(
                EventTypes.WireName(Type), $$"""{"{{MarkerMember}}":"{{Marker}}",{{rest.Trim()}}}""", UserId, RunId);
            return HasKey ? $$"""{{json[..^1]}},"idempotency_key":"{{Marker}}"}""" : json;
        }
    }
}

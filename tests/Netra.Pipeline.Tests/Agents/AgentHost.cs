using Microsoft.Extensions.DependencyInjection;
using Netra.Pipeline.Agents;
using Netra.Pipeline.Contexts;
using Netra.Pipeline.Failures;
using Netra.Pipeline.Protocol;
using Netra.Pipeline.Tests.Infrastructure;

namespace Netra.Pipeline.Tests.Agents;

/// <summary>A whole pipeline whose agents and tool do what a test says. What the user was told is read over a real socket.</summary>
internal sealed class AgentHost : IAsyncDisposable
{
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private AgentHost(PipelineHost host) => Host = host;

    public PipelineHost Host { get; }

    public Scripts Scripts => Host.Services.GetRequiredService<Scripts>();

    public AgentRunner Runner => Host.Runner;

    /// <summary>The failures that were reported, as code and operation, oldest first.</summary>
    public List<string> Reported =>
        [.. Host.Failures.Latest(100).Reverse().Select(failure => $"{FailureCodes.WireName(failure.Code)} in {failure.Operation}")];

    public static async Task<AgentHost> StartAsync(params (string Key, string Value)[] settings) => new(await PipelineHost.StartAsync(
        pipeline =>
        {
            pipeline.Services.AddSingleton<Scripts>();
            pipeline.UseEventLog<RefusingLog>().AddAgent<ScriptedAgent>().AddAgent<ScriptedDelegate>().AddTool<ScriptedTool>();
        },
        settings));

    public UserExecutionContext Context(string userId = "ada", string runId = "r1") => Host.Contexts.Create(userId, "t1", runId);

    public Task<string> RunAsync(CancellationToken cancellationToken = default) =>
        Runner.RunAsync("scripted", "What?", Context(), cancellationToken: cancellationToken);

    /// <summary>Every event the user has been sent up to now.</summary>
    public async Task<List<EventMessage>> EventsAsync(string userId = "ada")
    {
        await using var client = await TestClient.ConnectAsync(Host.SocketAddress(userId, "&seq=0"));
        return await client.ReadEventsAsync((int)client.Welcome.Seq);
    }

    /// <summary>The same in short: the types, and for some what matters most in them.</summary>
    public async Task<List<string>> StoryAsync(string userId = "ada") => [.. (await EventsAsync(userId)).Select(Tell)];

    public ValueTask DisposeAsync() => Host.DisposeAsync();

    private static string Tell(EventMessage message)
    {
        var data = message.Data;
        return message.EventType switch
        {
            EventType.Token => $"token {data.GetProperty("delta").GetString()}",
            EventType.AgentThinking => $"agent_thinking {data.GetProperty("thought").GetString()}",
            EventType.ToolExecuting => $"tool_executing {data.GetProperty("call_id").GetString()}",
            EventType.ToolCompleted => $"tool_completed {data.GetProperty("call_id").GetString()} {data.GetProperty("status").GetString()}",
            EventType.AgentFailed => $"agent_failed {data.GetProperty("error").GetProperty("code").GetString()}",
            EventType.AgentCancelled => $"agent_cancelled {data.GetProperty("reason").GetString()}",
            _ => message.Type,
        };
    }
}

using Netra.Pipeline.Agents;
using Netra.Pipeline.Connections;
using Netra.Pipeline.Contexts;

namespace Netra.Pipeline.Server.Demo;

/// <summary>
/// Gives every chat message to the demo agent, in a run of its own in the background. Stateless; safe for parallel calls.
/// </summary>
internal sealed class DemoMessageHandler(AgentRunner runner, UserExecutionContextFactory contexts) : IClientMessageHandler
{
    public ValueTask<string?> HandleChatMessageAsync(ClientChatMessage message, CancellationToken ct)
    {
        var runId = $"run-{Guid.NewGuid():N}";
        // The message's id correlates what the page sent with everything that came of it.
        var context = contexts.Create(message.UserId, message.ThreadId, runId, message.MessageId, tenantId: message.TenantId);
        return new(runner.Start(DemoAgent.AgentName, message.Content, context, message.Data).RunId);
    }

    public ValueTask HandleCancelRunAsync(ClientCancelRun message, CancellationToken ct) =>
        runner.CancelRun(message.UserId, message.ThreadId, message.RunId, tenantId: message.TenantId) switch
        {
            CancelRunResult.Requested => ValueTask.CompletedTask,
            CancelRunResult.Unknown or _ => throw new InvalidOperationException(
                $"There is no open run {message.RunId} in thread {message.ThreadId} to cancel: it has ended, or it never was."),
        };
}

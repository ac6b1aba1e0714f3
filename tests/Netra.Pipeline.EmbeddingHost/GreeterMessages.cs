using Netra.Pipeline.Agents;
using Netra.Pipeline.Connections;
using Netra.Pipeline.Contexts;

namespace Netra.Pipeline.EmbeddingHost;

/// <summary>Greets whoever writes.</summary>
public sealed class GreeterMessages(AgentRunner runner, UserExecutionContextFactory contexts) : IClientMessageHandler
{
    public ValueTask<string?> HandleChatMessageAsync(ClientChatMessage message, CancellationToken ct)
    {
        var context = contexts.Create(message.UserId, message.ThreadId, Guid.NewGuid().ToString());
        runner.Start(GreeterAgent.AgentName, message.Content, context);
        return ValueTask.FromResult<string?>(context.RunId);
    }

    public ValueTask HandleCancelRunAsync(ClientCancelRun message, CancellationToken ct)
    {
        runner.CancelRun(message.UserId, message.ThreadId, message.RunId);
        return ValueTask.CompletedTask;
    }
}

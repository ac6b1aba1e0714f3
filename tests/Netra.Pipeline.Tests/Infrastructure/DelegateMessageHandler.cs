using Netra.Pipeline.Connections;

namespace Netra.Pipeline.Tests.Infrastructure;

/// <summary>Handles chat messages as a test says.</summary>
internal sealed class DelegateMessageHandler(Func<ClientChatMessage, CancellationToken, ValueTask<string?>> handle) : IClientMessageHandler
{
    public ValueTask<string?> HandleChatMessageAsync(ClientChatMessage message, CancellationToken ct) => handle(message, ct);

    public ValueTask HandleCancelRunAsync(ClientCancelRun message, CancellationToken ct)
        => throw new NotSupportedException("no run of that name");
}

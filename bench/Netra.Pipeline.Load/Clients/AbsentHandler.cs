namespace Netra.Pipeline.Load.Clients;

/// <summary>Nobody: what an abandoned connection still reads concerns no page.</summary>
internal sealed class AbsentHandler : ClientHandler
{
    public override void OnMessage(WebSocketClient client, ReadOnlySpan<byte> message, long now)
    {
    }
}

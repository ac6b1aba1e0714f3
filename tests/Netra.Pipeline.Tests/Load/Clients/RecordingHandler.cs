using System.Text;
using Netra.Pipeline.Load.Clients;

namespace Netra.Pipeline.Tests.Load.Clients;

/// <summary>Keeps what comes.</summary>
internal sealed class RecordingHandler : ClientHandler
{
    private readonly TaskCompletionSource<ClientEnd> _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public List<string> Messages { get; } = [];

    public Task<ClientEnd> Ended => _ended.Task;

    public override void OnMessage(WebSocketClient client, ReadOnlySpan<byte> message, long now)
        => Messages.Add(Encoding.Latin1.GetString(message));

    public override void OnEnded(ClientEnd end) => _ended.SetResult(end);
}

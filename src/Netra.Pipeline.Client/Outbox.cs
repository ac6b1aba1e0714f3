using System.Net.WebSockets;
using Netra.Pipeline.Protocol;

namespace Netra.Pipeline.Client;

/// <summary>
/// What one connection sends. Of acknowledgements and pongs only the latest waits; messages are bounded by whoever sends them
/// (<see cref="PendingRequests"/>). One loop writes; the lock guards what waits.
/// </summary>
internal sealed class Outbox
{
    private readonly Lock _gate = new();
    private readonly Signal _signal = new();
    private readonly Queue<byte[]> _messages = [];
    private PongMessage? _pong;
    private long? _ack;
    private int? _closeCode;

    public void Pong(PongMessage pong) => Change(() => _pong = pong);

    public void Acknowledge(long seq) => Change(() => _ack = seq);

    public void Send(byte[] message) => Change(() => _messages.Enqueue(message));

    /// <summary>Says goodbye after all that waits.</summary>
    public void Close(int code) => Change(() => _closeCode ??= code);

    /// <summary>Writes until it has said goodbye, or the socket has ended.</summary>
    public async Task RunAsync(WebSocket socket, CancellationToken cancellationToken)
    {
        try
        {
            while (true)
            {
                await _signal.WaitAsync(cancellationToken);
                while (TryTake(out var message))
                {
                    await socket.SendAsync(message, WebSocketMessageType.Text, endOfMessage: true, cancellationToken);
                }

                if (_closeCode is { } code)
                {
                    await socket.CloseOutputAsync((WebSocketCloseStatus)code, null, cancellationToken);
                    return;
                }
            }
        }
        catch (Exception exception)
            when (exception is OperationCanceledException or WebSocketException or ObjectDisposedException or InvalidOperationException)
        {
            // The socket has ended: the one that reads finds that too, and says why.
        }
    }

    private bool TryTake(out byte[] message)
    {
        lock (_gate)
        {
            if (_pong is { } pong)
            {
                _pong = null;
                message = ClientMessageWriter.Pong(pong);
                return true;
            }

            if (_ack is { } seq)
            {
                _ack = null;
                message = ClientMessageWriter.Ack(seq);
                return true;
            }

            return _messages.TryDequeue(out message!);
        }
    }

    private void Change(Action change)
    {
        lock (_gate)
        {
            change();
        }

        _signal.Set();
    }
}

using System.Net.WebSockets;

namespace Netra.Pipeline.Client;

/// <summary>Whole messages from one socket, within a bound, and when something was heard last. One receives at a time.</summary>
internal sealed class MessageReceiver(WebSocket socket, EventClientOptions options)
{
    private const int FirstBufferBytes = 4 * 1024;

    private byte[] _buffer = new byte[FirstBufferBytes];
    private long _heardAt = options.Time.GetTimestamp();
    private volatile bool _isResting;

    /// <summary>Whether nobody listens now, so that silence says nothing.</summary>
    public bool IsResting
    {
        get => _isResting;
        set
        {
            Hear();
            _isResting = value;
        }
    }

    /// <summary>How long nothing at all has arrived.</summary>
    public TimeSpan Silence => options.Time.GetElapsedTime(Volatile.Read(ref _heardAt));

    /// <summary>The next message, valid until the next call; or how the connection has ended.</summary>
    public async ValueTask<(ReadOnlyMemory<byte> Message, ConnectionEnd? End)> ReceiveAsync(CancellationToken cancellationToken)
    {
        var length = 0;
        while (true)
        {
            ValueWebSocketReceiveResult result;
            try
            {
                result = await socket.ReceiveAsync(_buffer.AsMemory(length), cancellationToken);
            }
            catch (OperationCanceledException)
            {
                return (default, ConnectionEnd.Of(CloseCodes.Lost));
            }
            catch (WebSocketException exception)
            {
                return (default, ConnectionEnd.Of(CloseCodes.Lost, exception.InnerException?.Message ?? exception.Message));
            }

            Hear();
            if (result.MessageType == WebSocketMessageType.Close)
            {
                return (default, ConnectionEnd.Of((int?)socket.CloseStatus ?? CloseCodes.Normal, socket.CloseStatusDescription));
            }

            length += result.Count;
            if (length > options.MaxMessageBytes)
            {
                return (default, ConnectionEnd.Of(
                    CloseCodes.MessageTooBig, $"the server's has more than {options.MaxMessageBytes} bytes (MaxMessageBytes)"));
            }

            if (result.EndOfMessage)
            {
                return (_buffer.AsMemory(0, length), null);
            }

            if (length == _buffer.Length)
            {
                Array.Resize(ref _buffer, Math.Min(_buffer.Length * 2, options.MaxMessageBytes + 1));
            }
        }
    }

    private void Hear() => Volatile.Write(ref _heardAt, options.Time.GetTimestamp());
}

using System.Net.Sockets;

namespace Netra.Pipeline.Tests.Infrastructure;

/// <summary>
/// Connects with a small receive buffer, so that a client that stops reading is felt by the server after kilobytes instead of megabytes.
/// </summary>
internal static class SmallReceiveBuffer
{
    public const int Bytes = 8 * 1024;

    public static HttpMessageInvoker Invoker() => new(new SocketsHttpHandler
    {
        UseProxy = false,
        ConnectCallback = static async (context, cancellationToken) =>
        {
            var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true, ReceiveBufferSize = Bytes };
            await socket.ConnectAsync(context.DnsEndPoint, cancellationToken);
            return new NetworkStream(socket, ownsSocket: true);
        },
    });
}

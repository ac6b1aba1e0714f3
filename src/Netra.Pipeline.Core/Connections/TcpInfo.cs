using System.Buffers.Binary;
using System.Net.Sockets;

namespace Netra.Pipeline.Connections;

/// <summary>
/// What the kernel knows of a TCP connection, read with <c>TCP_INFO</c>; only on Linux, and only for TCP sockets. Safe to use from any
/// thread.
/// </summary>
internal static class TcpInfo
{
    private const int TcpLevel = 6;
    private const int Option = 11;

    // From linux/tcp.h: tcpi_state, the first byte, and tcpi_bytes_received. From linux/tcp_states.h: TCP_CLOSE_WAIT.
    private const int BytesReceivedAt = 128;
    private const byte CloseWait = 8;

    /// <summary>Whether the peer has certainly sent nothing, read or unread.</summary>
    public static bool HasReceivedNothing(Socket socket)
    {
        Span<byte> info = stackalloc byte[BytesReceivedAt + sizeof(ulong)];
        return TryRead(socket, info) && BinaryPrimitives.ReadUInt64LittleEndian(info[BytesReceivedAt..]) == 0;
    }

    /// <summary>Whether the peer has ended its own side (FIN), and may still read.</summary>
    public static bool IsHalfClosed(Socket socket)
    {
        Span<byte> state = stackalloc byte[1];
        return TryRead(socket, state) && state[0] == CloseWait;
    }

    /// <returns>Whether the kernel said as much as was asked for.</returns>
    private static bool TryRead(Socket socket, Span<byte> info)
    {
        if (!OperatingSystem.IsLinux() || socket.ProtocolType != ProtocolType.Tcp)
        {
            return false;
        }

        try
        {
            return socket.GetRawSocketOption(TcpLevel, Option, info) == info.Length;
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            return false;
        }
    }
}

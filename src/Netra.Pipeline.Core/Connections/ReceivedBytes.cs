using System.Buffers.Binary;
using System.Net.Sockets;

namespace Netra.Pipeline.Connections;

/// <summary>What the kernel knows of the bytes that a peer has sent, whoever has read them. Safe to use from any thread.</summary>
internal static class ReceivedBytes
{
    // From linux/tcp.h: tcpi_bytes_received.
    private const int TcpLevel = 6;
    private const int TcpInfo = 11;
    private const int Offset = 128;

    /// <summary>Whether a peer has certainly sent nothing.</summary>
    public static bool AreNone(Socket socket)
    {
        if (!OperatingSystem.IsLinux() || socket.ProtocolType != ProtocolType.Tcp)
        {
            return false;
        }

        try
        {
            Span<byte> info = stackalloc byte[Offset + sizeof(ulong)];
            return socket.GetRawSocketOption(TcpLevel, TcpInfo, info) == info.Length && BinaryPrimitives.ReadUInt64LittleEndian(info[Offset..]) == 0;
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            return false;
        }
    }
}

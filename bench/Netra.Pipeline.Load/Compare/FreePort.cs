using System.Net;
using System.Net.Sockets;

namespace Netra.Pipeline.Load.Compare;

/// <summary>
/// Ports for programs that cannot choose one themselves, that are to come later, or that come again on the same one. They are below those
/// that the kernel gives to whoever connects or asks for any (32768 and up, <c>ip_local_port_range</c>): nobody who asks for none by number
/// takes one of these before it is used. One process never finds the same one twice until all were found once. Thread-safe.
/// </summary>
internal static class FreePort
{
    private const int First = 20_000;
    private const int Count = 12_000;

    // Processes side by side begin at different ones.
    private static int _next = Random.Shared.Next(Count);

    /// <summary>A port at which nobody listens.</summary>
    /// <exception cref="SocketException">All are taken.</exception>
    public static int Find()
    {
        for (var tries = 1; ; tries++)
        {
            var port = First + (int)((uint)Interlocked.Increment(ref _next) % Count);
            using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            try
            {
                socket.Bind(new IPEndPoint(IPAddress.Loopback, port));
                return port;
            }
            catch (SocketException exception) when (exception.SocketErrorCode == SocketError.AddressAlreadyInUse && tries < Count)
            {
                // Somebody has it: the next one.
            }
        }
    }
}

using System.Net;
using System.Net.Sockets;
using System.Text;
using Netra.Pipeline.Tests.Infrastructure;

namespace Netra.Pipeline.Tests.Load.Costs;

/// <summary>What a connection holds when nothing happens on it. The bound is what was measured and 10 % more.</summary>
[Platform("Linux")]
internal sealed class IdleConnectionTests
{
    private static readonly byte[] Welcome = Encoding.ASCII.GetBytes("\"type\":\"welcome\"");

    [Test]
    public async Task Connection_Idle_HoldsAtMostSoMuch()
    {
        const int First = 500;
        const int More = 2_000;
        const int Bound = 14_600;
        const int Tries = 10;

        // These pages answer nothing, and however slow the machine is, nobody is to ask them meanwhile.
        await using var server = await MeasuredServer.StartAsync("--Netra:Connections:PingInterval=00:10:00");
        var open = new List<Socket>();
        try
        {
            // What the first ones make grow (tables, pools, code) is no connection's.
            await OpenAsync(First);
            var before = await server.LiveAsync();
            await OpenAsync(More);

            // What opening them took is let go in the moments after it.
            var bytes = double.MaxValue;
            for (var i = 0; i < Tries && bytes > Bound; i++)
            {
                bytes = (await server.LiveAsync() - before) / (double)More;
            }

            TestContext.Out.WriteLine($"{bytes:F0} bytes");
            Assert.That(bytes, Is.InRange(1_000, Bound));
        }
        finally
        {
            open.ForEach(static socket => socket.Dispose());
        }

        async Task OpenAsync(int count)
        {
            for (var i = 0; i < count; i++)
            {
                open.Add(await ConnectAsync(server.Port, $"user-{open.Count}"));
            }
        }
    }

    private static async Task<Socket> ConnectAsync(int port, string user)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(IPAddress.Loopback, port);
        await socket.SendAsync(Encoding.ASCII.GetBytes(RawPeer.Handshake(user)));
        var answer = new byte[2_048];
        using var patience = new CancellationTokenSource(TestClient.Patience);
        for (var end = 0; answer.AsSpan(0, end).IndexOf(Welcome) < 0;)
        {
            var read = await socket.ReceiveAsync(answer.AsMemory(end), patience.Token);
            Assert.That(read, Is.Positive, "the server has closed");
            end += read;
        }

        return socket;
    }
}

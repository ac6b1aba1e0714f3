using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Netra.Pipeline.BrowserTests;

/// <summary>
/// What a proxy does that serves a server under a prefix and takes the prefix off: each connection carries one request, or one WebSocket.
/// </summary>
internal sealed class PrefixRelay : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _over = new();
    private readonly string _prefix;
    private readonly Uri _server;
    private readonly Task _accepting;

    public PrefixRelay(Uri server, string prefix)
    {
        (_server, _prefix) = (server, prefix);
        _listener.Start();
        _accepting = AcceptAsync();
    }

    /// <summary>Whether it lets no WebSocket through.</summary>
    public bool RefusesWebSockets { get; set; }

    /// <summary>Where the server's root is.</summary>
    public Uri Address => new($"http://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}{_prefix}/");

    public async ValueTask DisposeAsync()
    {
        await _over.CancelAsync();
        _listener.Dispose();
        await _accepting;
        _over.Dispose();
    }

    private async Task AcceptAsync()
    {
        var serving = new List<Task>();
        try
        {
            while (true)
            {
                serving.Add(ServeAsync(await _listener.AcceptTcpClientAsync(_over.Token)));
            }
        }
        catch (OperationCanceledException)
        {
            await Task.WhenAll(serving);
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        using var server = new TcpClient();
        using (client)
        {
            try
            {
                var head = await ReadHeadAsync(client.GetStream());
                if (RefusesWebSockets && head.Contains("Upgrade: websocket", StringComparison.OrdinalIgnoreCase))
                {
                    var refusal = "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"u8.ToArray();
                    await client.GetStream().WriteAsync(refusal, _over.Token);
                    return;
                }

                await server.ConnectAsync(_server.Host, _server.Port, _over.Token);
                await server.GetStream().WriteAsync(Encoding.ASCII.GetBytes(Stripped(head)), _over.Token);
                await Task.WhenAny(
                    client.GetStream().CopyToAsync(server.GetStream(), _over.Token),
                    server.GetStream().CopyToAsync(client.GetStream(), _over.Token));
            }
            catch (Exception exception) when (exception is IOException or SocketException or OperationCanceledException)
            {
                // One of the two is gone.
            }
        }
    }

    private async Task<string> ReadHeadAsync(NetworkStream stream)
    {
        var head = new StringBuilder();
        var next = new byte[1];
        while (!head.ToString().EndsWith("\r\n\r\n", StringComparison.Ordinal))
        {
            await stream.ReadExactlyAsync(next, _over.Token);
            head.Append((char)next[0]);
        }

        return head.ToString();
    }

    private string Stripped(string head) => head.Replace($" {_prefix}/", " /", StringComparison.Ordinal)
        .Replace("Connection: keep-alive\r\n", "Connection: close\r\n", StringComparison.OrdinalIgnoreCase);
}

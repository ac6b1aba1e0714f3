using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Netra.Pipeline.BrowserTests;

/// <summary>An empty page of another origin on this machine.</summary>
internal sealed class OtherOrigin : IAsyncDisposable
{
    private static readonly byte[] Page = Encoding.ASCII.GetBytes(
        "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 15\r\nConnection: close\r\n\r\n<!doctype html>");

    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _over = new();
    private readonly Task _serving;

    public OtherOrigin()
    {
        _listener.Start();
        _serving = ServeAsync();
    }

    public string Origin => $"http://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}";

    public async ValueTask DisposeAsync()
    {
        await _over.CancelAsync();
        _listener.Dispose();
        await _serving;
        _over.Dispose();
    }

    private async Task ServeAsync()
    {
        var answering = new List<Task>();
        try
        {
            while (true)
            {
                answering.Add(AnswerAsync(await _listener.AcceptTcpClientAsync(_over.Token)));
            }
        }
        catch (OperationCanceledException)
        {
            await Task.WhenAll(answering);
        }
    }

    // Each by itself: a browser that waits opens another connection, and may say nothing on one of them.
    private async Task AnswerAsync(TcpClient client)
    {
        using (client)
        {
            try
            {
                _ = await client.GetStream().ReadAsync(new byte[4096], _over.Token);
                await client.GetStream().WriteAsync(Page, _over.Token);
            }
            catch (Exception exception) when (exception is IOException or SocketException or OperationCanceledException)
            {
                // The browser has gone, or the test is over.
            }
        }
    }
}

using System.Net.WebSockets;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using Netra.Pipeline.Tests.Infrastructure;

namespace Netra.Pipeline.Tests.Load.Peers;

/// <summary>A client of one of the servers, which speaks as much of its protocol as is needed to receive events.</summary>
internal sealed class PeerClient : IAsyncDisposable
{
    private const char SignalRSeparator = '\u001e';

    private readonly ClientWebSocket _socket = new();
    private readonly CancellationTokenSource _patience = new(2 * TestClient.Patience);
    private readonly string _peer;
    private byte[] _buffer = new byte[4096];

    private PeerClient(string peer) => _peer = peer;

    /// <summary>Connects, and says what is to be said before the first event.</summary>
    public static async Task<PeerClient> ConnectAsync(PeerProcess peer, string userId = "ada")
    {
        var client = new PeerClient(peer.Name);
        var path = peer.Name switch
        {
            "netra" => $"/ws?user_id={userId}",
            "signalr" => "/hub",
            "socketio" => "/socket.io/?EIO=4&transport=websocket",
            _ => "/",
        };
        await client._socket.ConnectAsync(new Uri($"ws://127.0.0.1:{peer.Port}{path}"), client._patience.Token);
        if (peer.Name == "signalr")
        {
            await client.SendAsync("""{"protocol":"json","version":1}""" + SignalRSeparator);
        }

        return client;
    }

    /// <summary>The next events.</summary>
    public async Task<IReadOnlyList<PeerEvent>> ReadAsync(int count)
    {
        var events = new List<PeerEvent>(count);
        await foreach (var received in ReadAllAsync(_patience.Token))
        {
            events.Add(received);
            if (events.Count == count)
            {
                return events;
            }
        }

        throw new AssertionException($"{_peer} has closed the connection after {events.Count} of {count} events: {_socket.CloseStatus}");
    }

    /// <summary>Closes the connection, and waits for the server to have closed it too.</summary>
    public Task CloseAsync() => _socket.CloseAsync(WebSocketCloseStatus.NormalClosure, null, _patience.Token);

    public ValueTask DisposeAsync()
    {
        _socket.Dispose();
        _patience.Dispose();
        return ValueTask.CompletedTask;
    }

    private async IAsyncEnumerable<PeerEvent> ReadAllAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        while (await ReceiveAsync(cancellationToken) is { } message)
        {
            foreach (var json in await EventsInAsync(message))
            {
                yield return PeerEvent.Read(json);
            }
        }
    }

    private ValueTask<IReadOnlyList<string>> EventsInAsync(string message) => _peer switch
    {
        "signalr" => ValueTask.FromResult<IReadOnlyList<string>>([.. EventsOfSignalR(message)]),
        "socketio" => EventsOfSocketIoAsync(message),
        "netra" when !message.Contains("\"type\":\"token\"", StringComparison.Ordinal) => ValueTask.FromResult<IReadOnlyList<string>>([]),
        _ => ValueTask.FromResult<IReadOnlyList<string>>([message]),
    };

    // A frame has one message or more. The first one answers the handshake.
    private static IEnumerable<string> EventsOfSignalR(string frame)
    {
        const int Invocation = 1;
        foreach (var message in frame.Split(SignalRSeparator, StringSplitOptions.RemoveEmptyEntries))
        {
            using var json = JsonDocument.Parse(message);
            if (json.RootElement.TryGetProperty("type", out var type) && type.GetInt32() == Invocation)
            {
                Assert.That(json.RootElement.GetProperty("target").GetString(), Is.EqualTo("event"));
                yield return json.RootElement.GetProperty("arguments").EnumerateArray().Single().GetRawText();
            }
        }
    }

    // Engine.IO: 0 opens, 2 pings, 3 pongs, 4 is a message; of these Socket.IO's 0 connects and 2 is an event.
    private async ValueTask<IReadOnlyList<string>> EventsOfSocketIoAsync(string packet)
    {
        switch (packet)
        {
            case ['0', ..]:
                await SendAsync("40");
                return [];
            case "2":
                await SendAsync("3");
                return [];
            case ['4', '2', .. var content]:
                using (var json = JsonDocument.Parse(content))
                {
                    Assert.That(json.RootElement[0].GetString(), Is.EqualTo("event"));
                    return [json.RootElement[1].GetRawText()];
                }

            default:
                Assert.That(packet, Does.StartWith("40"));
                return [];
        }
    }

    private Task SendAsync(string text)
        => _socket.SendAsync(Encoding.UTF8.GetBytes(text), WebSocketMessageType.Text, endOfMessage: true, _patience.Token);

    private async Task<string?> ReceiveAsync(CancellationToken cancellationToken)
    {
        var length = 0;
        while (true)
        {
            var received = await _socket.ReceiveAsync(_buffer.AsMemory(length), cancellationToken);
            length += received.Count;
            if (received.MessageType == WebSocketMessageType.Close)
            {
                return null;
            }

            if (received.EndOfMessage)
            {
                return Encoding.UTF8.GetString(_buffer, 0, length);
            }

            if (length == _buffer.Length)
            {
                Array.Resize(ref _buffer, 2 * length);
            }
        }
    }
}

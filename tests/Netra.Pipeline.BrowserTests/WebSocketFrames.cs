using System.Collections.Concurrent;
using System.Text.Json;
using Microsoft.Playwright;

namespace Netra.Pipeline.BrowserTests;

/// <summary>What a page gets, and says, on the WebSockets that it opens while this looks.</summary>
internal sealed class WebSocketFrames
{
    private readonly ConcurrentQueue<JsonElement> _received = new();
    private readonly ConcurrentQueue<JsonElement> _sent = new();
    private readonly ConcurrentQueue<IWebSocket> _sockets = new();

    public WebSocketFrames(IPage page) => page.WebSocket += (_, socket) =>
    {
        _sockets.Enqueue(socket);
        socket.FrameReceived += (_, frame) => _received.Enqueue(JsonDocument.Parse(frame.Text!).RootElement);
        socket.FrameSent += (_, frame) => _sent.Enqueue(JsonDocument.Parse(frame.Text!).RootElement);
    };

    /// <summary>How many there were.</summary>
    public int Sockets => _sockets.Count;

    /// <summary>How many of them are not closed.</summary>
    public int OpenSockets => _sockets.Count(static socket => !socket.IsClosed);

    /// <summary>The messages of one type that it has got, in order.</summary>
    public IReadOnlyList<JsonElement> OfType(string type) => OfType(_received, type);

    /// <summary>The messages of one type that it has sent, in order.</summary>
    public IReadOnlyList<JsonElement> SentOfType(string type) => OfType(_sent, type);

    private static IReadOnlyList<JsonElement> OfType(ConcurrentQueue<JsonElement> messages, string type)
        => [.. messages.Where(message => message.GetProperty("type").GetString() == type)];
}

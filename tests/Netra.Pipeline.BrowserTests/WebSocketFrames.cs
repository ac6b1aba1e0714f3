using System.Collections.Concurrent;
using System.Text.Json;
using Microsoft.Playwright;

namespace Netra.Pipeline.BrowserTests;

/// <summary>What a page gets on the WebSockets that it opens while this looks.</summary>
internal sealed class WebSocketFrames
{
    private readonly ConcurrentQueue<JsonElement> _received = new();
    private int _sockets;

    public WebSocketFrames(IPage page) => page.WebSocket += (_, socket) =>
    {
        Interlocked.Increment(ref _sockets);
        socket.FrameReceived += (_, frame) => _received.Enqueue(JsonDocument.Parse(frame.Text!).RootElement);
    };

    /// <summary>How many there were.</summary>
    public int Sockets => Volatile.Read(ref _sockets);

    /// <summary>The messages of one type, in order.</summary>
    public IReadOnlyList<JsonElement> OfType(string type)
        => [.. _received.Where(message => message.GetProperty("type").GetString() == type)];
}

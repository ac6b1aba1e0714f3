using Netra.Pipeline.Load.Clients;

namespace Netra.Pipeline.Load.Pages;

/// <summary>
/// A page of a SignalR hub, in the JSON protocol: records that end with 0x1E, a handshake of its own, and pings from both sides. Specified
/// in aspnetcore's <c>HubProtocol.md</c>.
/// </summary>
/// <param name="run">What all pages share.</param>
/// <param name="index">Which page of the run it is, from 0.</param>
internal sealed class SignalRPage(PageRun run, int index) : PlainPage(run, index)
{
    private const byte RecordEnd = 0x1E;

    // The server waits 30 s; its own clients ping every 15 s.
    private const long PingEvery = 15 * MonotonicClock.NanosecondsPerSecond;
    private bool _isAnswered;
    private long _pingedAt;

    protected override string Path => "/hub";

    private static ReadOnlySpan<byte> Handshake => "{\"protocol\":\"json\",\"version\":1}\u001e"u8;

    private static ReadOnlySpan<byte> Ping => "{\"type\":6}\u001e"u8;

    public override void OnOpened(WebSocketClient client)
    {
        Client = client;
        _pingedAt = MonotonicClock.Now;
        client.SendText(Handshake);
    }

    public override void OnMessage(WebSocketClient client, ReadOnlySpan<byte> message, long now)
    {
        while (message.IndexOf(RecordEnd) is >= 0 and var end)
        {
            OnRecord(message[..end], now);
            message = message[(end + 1)..];
        }
    }

    public override void OnTick(WebSocketClient client, long now)
    {
        if (_isAnswered && now - _pingedAt >= PingEvery)
        {
            _pingedAt = now;
            client.SendText(Ping);
        }
    }

    private void OnRecord(ReadOnlySpan<byte> record, long now)
    {
        if (!_isAnswered)
        {
            _isAnswered = record.SequenceEqual("{}"u8) ? true : throw new InvalidDataException("the hub has refused the handshake");
            Open();
        }
        else if (record.StartsWith("{\"type\":1,"u8))
        {
            Count(record, now);
        }
    }
}

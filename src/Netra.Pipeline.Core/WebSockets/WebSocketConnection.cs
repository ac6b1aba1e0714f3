using System.Diagnostics.CodeAnalysis;
using System.Net.WebSockets;
using Netra.Pipeline.Connections;
using Netra.Pipeline.Limits;
using Netra.Pipeline.Protocol;
using Netra.Pipeline.Streams;

namespace Netra.Pipeline.WebSockets;

/// <summary>A connection over a WebSocket. Its writer and its reader run in parallel with each other and with the tick.</summary>
[SuppressMessage("Design", "CA1001", Justification = "The stream's Dispose does nothing, by design; the WebSocket disposes it.")]
internal sealed class WebSocketConnection : Connection
{
    // A peer that reads has the close frame by then.
    private static readonly TimeSpan Linger = TimeSpan.FromMilliseconds(250);

    private readonly TimeProvider _time;
    private readonly ConnectionTransport _transport;
    private readonly InboundMeter _inbound;
    private readonly WebSocket _socket;
    private readonly TransportStream _stream;
    private readonly ConnectionWriter _writer;
    private readonly ConnectionReader _reader;

    /// <param name="services">What all connections share.</param>
    /// <param name="transport">The transport.</param>
    /// <param name="userId">The user's id, as the authenticator gave it.</param>
    /// <param name="stream">The stream that it will be attached to.</param>
    /// <param name="joins">Whether its client takes joined frames.</param>
    /// <param name="compression">How messages are compressed; null where they are not.</param>
    private WebSocketConnection(
        ConnectionServices services,
        ConnectionTransport transport,
        string userId,
        UserStream stream,
        bool joins,
        CompressionAgreement? compression)
        : base(services, userId, stream, isOneWay: false, joins)
    {
        (_transport, _time) = (transport, services.Time);
        var options = services.Options;
        _inbound = new InboundMeter(services.Inbound);
        _stream = new TransportStream(
            transport.Pipes, options.SideBufferBytes, _inbound, Liveness.OnInbound, Wake, OnReadDelayed);

        // The built-in keep-alive stays off: it is a timer per connection, on the wall clock. The shared tick pings.
        _socket = WebSocket.CreateFromStream(
            _stream,
            new WebSocketCreationOptions
            {
                IsServer = true,
                SubProtocol = transport.Subprotocol,
                KeepAliveInterval = TimeSpan.Zero,
                DangerousDeflateOptions = compression?.Options,
            });
        _writer = new ConnectionWriter(this, _socket, _stream, Frames, Liveness, options);
        _reader = new ConnectionReader(
            this, _socket, _stream, services.Dispatcher, compression is null ? null : _inbound, options);
    }

    /// <summary>Makes the connection of an admitted handshake.</summary>
    public static WebSocketConnection Create(ConnectionServices services, ConnectionTransport transport, Admission admission)
        => new(services, transport, admission.UserKey!, admission.Stream!, admission.Joins, admission.Compression);

    public override bool IsFlushPending => _stream.IsFlushPending;

    public override string Transport => "websocket";

    protected override bool IsHeld => _stream.IsHeld || _reader.IsHeld;

    protected override ConnectionEndReason StallReason => _stream.IsHeld ? ConnectionEndReason.PingFlood : ConnectionEndReason.Stalled;

    /// <summary>The status of the peer's close frame, to be echoed.</summary>
    public WebSocketCloseStatus? PeerCloseStatus { get; set; }

    public override async Task RunAsync()
    {
        await _reader.RunAsync();
        Wake();
        await _writer.Completed;
        if (_stream.HasClosed && !_reader.HasHeardGoodbye)
        {
            await _stream.LingerAsync(Linger, _time);
        }

        // Gives back what compression holds outside of the heap. The stream stays as it is.
        _socket.Dispose();

        Detach();
    }

    public override void ChargeWork() => _inbound.Count(InboundBudget.WorkUnits - 1, bytes: 0);

    public override void Abort() => _transport.Abort();

    protected override void OnEnded() => _stream.BeginDraining();

    protected override void Wake() => _writer.Schedule();
}

using System.Buffers.Text;
using System.IO.Pipelines;
using System.Security.Cryptography;
using Netra.Pipeline.Connections;
using Netra.Pipeline.Limits;
using Netra.Pipeline.Protocol;
using Netra.Pipeline.Streams;

namespace Netra.Pipeline.EventStreams;

/// <summary>
/// A connection over server-sent events. The stream carries nothing from the page, so the page's messages come as requests of their own
/// (<see cref="EventStreamPosts"/>), each of which is a sign of life; only flushes tell whether the transport is alive.
/// </summary>
/// <remarks>The writer runs in parallel with the tick, and with any number of requests that hand in messages.</remarks>
internal sealed class EventStreamConnection : Connection
{
    private const int PostKeyBytes = 16;

    private readonly ConnectionServices _services;
    private readonly EventStreamTransport _transport;
    private readonly EventStreamWriter _writer;
    private readonly InboundMeter _inbound;
    private readonly Lock _inboundGate = new();

    /// <param name="services">What all connections share.</param>
    /// <param name="transport">The transport.</param>
    /// <param name="userId">The user's id, as the authenticator gave it.</param>
    /// <param name="stream">The stream that it will be attached to.</param>
    /// <param name="joins">Whether its client takes joined frames.</param>
    public EventStreamConnection(
        ConnectionServices services, EventStreamTransport transport, string userId, UserStream stream, bool joins)
        : base(services, userId, stream, isOneWay: true, joins)
    {
        (_services, _transport) = (services, transport);
        _inbound = new InboundMeter(services.Inbound);
        _writer = new EventStreamWriter(this, transport, Frames, Liveness, services.Options);
    }

    public override string PostKey { get; } = Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(PostKeyBytes));

    public override bool IsFlushPending => _writer.IsFlushPending;

    public override string Transport => "event_stream";

    public override async Task RunAsync()
    {
        await using var gone = _transport.PeerGone.UnsafeRegister(
            static connection => ((EventStreamConnection)connection!).End(ConnectionEndReason.ClientLost), this);
        await _writer.RunAsync();
        Detach();
    }

    public override void Abort() => _transport.Abort();

    /// <summary>Whether one more post may be taken now. The bytes of each count against those after it.</summary>
    public bool MayPost()
    {
        lock (_inboundGate)
        {
            if (_inbound.Renew() is { } limit)
            {
                OnReadDelayed(limit);
                return false;
            }

            _inbound.Count(InboundBudget.WorkUnits, bytes: 0);
            return true;
        }
    }

    /// <summary>Handles a message that the page has posted; one that violates the protocol ends the connection.</summary>
    /// <param name="message">The message.</param>
    /// <param name="isAck">Whether it was posted to the route for acknowledgements.</param>
    /// <exception cref="ProtocolViolationException">It violates the protocol.</exception>
    public void Receive(ReadOnlySpan<byte> message, bool isAck)
    {
        lock (_inboundGate)
        {
            _inbound.Count(messages: 0, message.Length);
        }

        try
        {
            if (isAck)
            {
                Acknowledge(ClientMessageReader.ReadAck(message).Seq);
            }
            else
            {
                _services.Dispatcher.Dispatch(this, message);
            }

            OnAnswered();
        }
        catch (ProtocolViolationException violation)
        {
            End(ConnectionEndReason.InvalidMessage, violation);
            throw;
        }
        catch (Exception fault)
        {
            End(ConnectionEndReason.InternalError, fault);
            throw;
        }
    }

    protected override void Wake() => _writer.Wake();
}

/// <summary>The transport of an event stream: the answer to one request.</summary>
/// <param name="Output">The body of the answer.</param>
/// <param name="Abort">Cuts the transport at once; a pending flush ends. Safe to call from any thread, and more than once.</param>
/// <param name="PeerGone">Fires when the peer is gone, or the transport is cut.</param>
internal sealed record EventStreamTransport(PipeWriter Output, Action Abort, CancellationToken PeerGone);

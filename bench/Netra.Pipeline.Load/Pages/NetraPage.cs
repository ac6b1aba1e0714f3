using System.Buffers.Text;
using System.Text;
using Netra.Pipeline.Load.Checks;
using Netra.Pipeline.Load.Clients;
using Netra.Pipeline.Load.Publishing;
using Netra.Pipeline.Protocol;

namespace Netra.Pipeline.Load.Pages;

/// <summary>
/// A page that speaks <c>netra.v1</c> as the protocol asks it to: it acknowledges, answers pings, resumes with its cursor, and takes
/// silence for death. Events in the usual form are recognized by their first bytes; whatever is unusual is read in full.
/// </summary>
internal sealed class NetraPage : LoadPage
{
    private readonly string _userId;
    private readonly byte[] _userName;
    private readonly PublishedStream? _stream;
    private readonly NumberCheck _check;
    private readonly byte[] _ack = new byte[48];
    private WelcomeMessage? _welcome;
    private long _acknowledged;
    private long _acknowledgedAt;
    private long _heardAt;
    private long _ackEvery = long.MaxValue;
    private bool _hasReset;

    /// <param name="run">What all pages share.</param>
    /// <param name="index">Which page of the run it is, from 0.</param>
    /// <param name="userId">Whose page it is.</param>
    /// <param name="stream">What is published for the user; null where the server makes the events.</param>
    public NetraPage(PageRun run, int index, string userId, PublishedStream? stream)
        : base(run, index)
    {
        (_userId, _userName, _stream) = (userId, Encoding.UTF8.GetBytes(userId), stream);
        _check = new NumberCheck(run.Findings) { Where = userId };
    }

    private static ReadOnlySpan<byte> AckHead => "{\"type\":\"ack\",\"seq\":"u8;

    public override string Where => _check.Where;

    /// <summary>Whether it begins with all that is kept, and not from now on.</summary>
    public bool ReadsAll { get; init; }

    /// <summary>The numbers that have come.</summary>
    public NumberCheck Numbers => _check;

    /// <summary>How many events came again, marked as redeliveries.</summary>
    public long Redelivered => _check.Redelivered;

    /// <summary>How many failures the page was shown.</summary>
    public long Errors { get; private set; }

    /// <summary>How many connections were resumed.</summary>
    public long Resumed { get; private set; }

    public override ClientAddress NextAddress()
    {
        var resume = _welcome is { } welcome
            ? $"&epoch={welcome.Epoch}&seq={_check.Cursor}&from={welcome.From}"
            : ReadsAll ? "&seq=0" : string.Empty;
        return Run.Target.Address(Index, $"/ws?user_id={_userId}{resume}", ProtocolConstants.Subprotocol);
    }

    public override void OnMessage(WebSocketClient client, ReadOnlySpan<byte> message, long now)
    {
        _heardAt = now;
        if (message.StartsWith("{\"seq\":"u8)
            && Utf8Parser.TryParse(message[7..], out long seq, out _)
            && seq == _check.Cursor + 1
            && message.IndexOf("\"type\":\"token\""u8) > 0)
        {
            // Its number is the next one: whether it is marked as a redelivery changes nothing.
            TakeEvent(message, seq, isRedelivery: false, now);
            if (seq - _acknowledged >= _ackEvery)
            {
                Acknowledge(client, now);
            }

            return;
        }

        Handle(client, ServerMessageReader.Read(message), message, now);
    }

    public override void OnTick(WebSocketClient client, long now)
    {
        if (_welcome is not { } welcome)
        {
            return;
        }

        if (_check.Cursor > _acknowledged && now - _acknowledgedAt >= welcome.AckIntervalMs * 1_000_000)
        {
            Acknowledge(client, now);
        }

        var patience = (welcome.PingIntervalMs + welcome.PingTimeoutMs) * 1_000_000;
        if (now - _heardAt > patience)
        {
            var silence = $"nothing came for {(now - _heardAt) / 1e9:F1} s, not even a ping; the last number was {_check.Cursor}, "
                + Run.Findings.At(_heardAt);
            Run.Findings.Add(FindingKind.Stalled, Where, silence);
            client.Abort();
        }
    }

    public override void OnResumed(long now) => _heardAt = now;

    public override void Complete()
    {
        _check.Complete(_stream?.LastSeq ?? 0);
        if (_stream is null && Received < Run.ServerEvents)
        {
            Run.Findings.Add(
                FindingKind.Lost,
                Where,
                $"{Received} of {Run.ServerEvents} events came; the last has number {_check.Cursor}",
                Run.ServerEvents - Received);
        }
    }

    private void Handle(WebSocketClient client, ServerMessage message, ReadOnlySpan<byte> bytes, long now)
    {
        switch (message)
        {
            case WelcomeMessage welcome:
                Welcome(welcome, now);
                break;
            case EventMessage @event:
                TakeEvent(bytes, @event.Seq, @event.Redelivery is not null, now);
                if (@event.EventType is not (EventType.Token or EventType.Custom))
                {
                    Acknowledge(client, now);
                }

                break;
            case GapMessage gap:
                _check.Take(gap);
                break;
            case PingMessage ping:
                client.SendText(ClientMessageWriter.Pong(new PongMessage(_check.Cursor, ping.Ts)));
                (_acknowledged, _acknowledgedAt) = (_check.Cursor, now);
                break;
            case ErrorMessage:
                Errors++;
                break;
            default:
                // What the server may say besides concerns no figure.
                break;
        }
    }

    private void Welcome(WelcomeMessage welcome, long now)
    {
        _check.Where = $"{_userId} ({welcome.ConnectionId})";
        if (_welcome is not { } before)
        {
            _check.Begin(ReadsAll ? welcome.From : welcome.Seq);
        }
        else if (welcome.Resumed)
        {
            Resumed++;
        }
        else
        {
            Run.Findings.Add(
                FindingKind.NotResumed,
                Where,
                $"epoch {before.Epoch}, number {_check.Cursor} was answered with epoch {welcome.Epoch}, number {welcome.Seq} "
                + $"({Run.Findings.At(now)})");
            _check.Begin(welcome.From);
            _hasReset = true;
        }

        (_welcome, _ackEvery, _acknowledged, _acknowledgedAt, _heardAt) = (welcome, welcome.AckEvery, _check.Cursor, now, now);
        Open();
    }

    private void TakeEvent(ReadOnlySpan<byte> message, long seq, bool isRedelivery, long now)
    {
        if (!_check.Take(seq, isRedelivery, now))
        {
            return;
        }

        Count(message, now);
        if (_stream is null || _hasReset)
        {
            return;
        }

        var place = EventText.ReadPlace(message, _userName);
        if (place >= 0)
        {
            _stream.Deliver(place, seq, Where);
        }
        else if (Run.Target.UserTokens.Count == 0)
        {
            Run.Findings.Add(
                FindingKind.WrongContent, Where, $"number {seq} is not this run's, or not this user's: {Encoding.UTF8.GetString(message)}");
        }
    }

    private void Acknowledge(WebSocketClient client, long now)
    {
        (_acknowledged, _acknowledgedAt) = (_check.Cursor, now);
        AckHead.CopyTo(_ack);
        Utf8Formatter.TryFormat(_acknowledged, _ack.AsSpan(AckHead.Length), out var written);
        _ack[AckHead.Length + written] = (byte)'}';
        client.SendText(_ack.AsSpan(0, AckHead.Length + written + 1));
    }
}

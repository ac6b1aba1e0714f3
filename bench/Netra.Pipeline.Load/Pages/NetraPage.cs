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
    private const int MaxTold = 300;
    private const long MaxIntervalMs = 24 * 3_600_000;

    private readonly int _user;
    private readonly string _userId;
    private readonly int _device;
    private readonly PublishedStream? _stream;
    private readonly NumberCheck _check;
    private readonly byte[] _ack = new byte[48];
    private WelcomeMessage? _welcome;
    private long _acknowledged;
    private long _acknowledgedAt;
    private long _heardAt;
    private long _ackEvery = long.MaxValue;
    private bool _isWelcomed;
    private bool _hasReset;

    /// <param name="run">What all pages share.</param>
    /// <param name="index">Which page of the run it is, from 0.</param>
    /// <param name="user">Whose page it is: which user of the run.</param>
    /// <param name="userId">The user's id.</param>
    /// <param name="stream">What is published for the user; null where the server makes the events.</param>
    public NetraPage(PageRun run, int index, int user, string userId, PublishedStream? stream)
        : base(run, index)
    {
        (_user, _userId, _stream) = (user, userId, stream);
        _device = index / run.Users;
        _check = new NumberCheck(run.Findings) { Where = userId };
    }

    private static ReadOnlySpan<byte> AckHead => "{\"type\":\"ack\",\"seq\":"u8;

    public override string Where => _check.Where;

    /// <summary>Whether it begins with all that is kept, and not from now on.</summary>
    public bool ReadsAll { get; init; }

    /// <summary>How many events came again, marked as redeliveries.</summary>
    public long Redelivered => _check.Redelivered;

    /// <summary>How many failures the page was shown.</summary>
    public long Errors { get; private set; }

    /// <summary>How often it was asked to go to another server.</summary>
    public long Asked { get; private set; }

    /// <summary>How many connections were resumed.</summary>
    public long Resumed { get; private set; }

    public override ClientAddress NextAddress()
    {
        var resume = _welcome is { } welcome
            ? $"&epoch={welcome.Epoch}&seq={_check.Cursor}&from={welcome.From}"
            : ReadsAll ? "&seq=0" : string.Empty;
        var path = $"{Run.Target.Url.AbsolutePath.TrimEnd('/')}/ws?user_id={Uri.EscapeDataString(_userId)}{resume}";
        return Run.Target.Address(Index, _user, path, ProtocolConstants.Subprotocol);
    }

    public override void OnOpened(WebSocketClient client)
    {
        base.OnOpened(client);
        _isWelcomed = false;
    }

    public override void OnMessage(WebSocketClient client, ReadOnlySpan<byte> message, long now)
    {
        _heardAt = now;
        var (place, due) = (0L, 0L);
        if (_isWelcomed
            && message.StartsWith("{\"seq\":"u8)
            && Utf8Parser.TryParse(message[7..], out long seq, out _)
            && seq == _check.Cursor + 1
            && message[^1] == (byte)'}'
            && message.IndexOf("\"type\":\"token\""u8) > 0
            && (_stream is null || EventText.TryRead(message, _stream.Name, out place, out due)))
        {
            // Its number is the next one: whether it is marked as a redelivery changes nothing.
            _check.Take(seq, isRedelivery: false, now);
            if (_stream is null)
            {
                Count(message, now);
            }
            else
            {
                Take(new DeliveredEvent(place, seq, IdOf(message), due), now);
            }

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
        if (!_isWelcomed || _welcome is not { } welcome)
        {
            return;
        }

        if (_check.Cursor > _acknowledged && now - _acknowledgedAt >= Math.Min(welcome.AckIntervalMs, MaxIntervalMs) * 1_000_000)
        {
            Acknowledge(client, now);
        }

        var patience = (Math.Min(welcome.PingIntervalMs, MaxIntervalMs) + Math.Min(welcome.PingTimeoutMs, MaxIntervalMs)) * 1_000_000;
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
        if (_stream is not null)
        {
            _stream.Complete(_device, _check);
            return;
        }

        var missing = Run.ServerEvents - Received - _check.Complete(new NumberSet());
        if (missing > 0)
        {
            Run.Findings.Add(
                FindingKind.Lost,
                Where,
                $"{Received} of {Run.ServerEvents} events came; the last has number {_check.Cursor}",
                missing);
        }
    }

    private void Handle(WebSocketClient client, ServerMessage message, ReadOnlySpan<byte> bytes, long now)
    {
        if (!_isWelcomed && message is not WelcomeMessage)
        {
            throw new InvalidDataException($"the first message is no welcome: {Quote(bytes)}");
        }

        switch (message)
        {
            case WelcomeMessage welcome:
                Welcome(welcome, now);
                break;
            case EventMessage @event:
                TakeEvent(client, @event, bytes, now);
                break;
            case GapMessage gap:
                _check.Take(gap);
                if (gap.Cause == GapCause.ServerRestart)
                {
                    _stream?.Restart(gap.To);
                }

                break;
            case PingMessage ping:
                client.SendText(ClientMessageWriter.Pong(new PongMessage(_check.Cursor, ping.Ts)));
                (_acknowledged, _acknowledgedAt) = (_check.Cursor, now);
                break;
            case ErrorMessage:
                Errors++;
                break;
            case ReconnectMessage asked:
                (Asked, GoesAt) = (Asked + 1, now + (Math.Min(asked.AfterMs, MaxIntervalMs) * 1_000_000));
                break;
            case StayMessage:
                GoesAt = 0;
                break;
            default:
                // What the server may say besides concerns no figure.
                break;
        }
    }

    private void TakeEvent(WebSocketClient client, EventMessage @event, ReadOnlySpan<byte> bytes, long now)
    {
        if (IsForeign(bytes))
        {
            Run.Findings.Add(
                FindingKind.WrongContent, Where, $"number {@event.Seq} is another user's ({Run.Findings.At(now)}): {Quote(bytes)}");
            return;
        }

        var isRedelivery = @event.Redelivery is not null;
        if (@event.EventType is EventType.AgentStarted or EventType.Token or EventType.AgentCompleted)
        {
            TakeEvent(bytes, @event.Seq, EventId.Hash(Encoding.UTF8.GetBytes(@event.Id)), isRedelivery, now);
        }
        else
        {
            // The server may add events of its own, such as that a run has stalled.
            _check.Take(@event.Seq, isRedelivery, now);
        }

        if (@event.EventType is not (EventType.Token or EventType.Custom))
        {
            Acknowledge(client, now);
        }
    }

    private void Welcome(WelcomeMessage welcome, long now)
    {
        if (_isWelcomed)
        {
            throw new InvalidDataException("a second welcome on one connection");
        }

        _isWelcomed = true;
        _check.Where = $"{_userId} ({welcome.ConnectionId})";
        if (_welcome is not { } before)
        {
            _check.Begin(ReadsAll ? welcome.From : welcome.Seq, now);
        }
        else if (welcome.Resumed && welcome.Epoch == before.Epoch)
        {
            Resumed++;
        }
        else
        {
            Run.Findings.Add(
                FindingKind.NotResumed,
                Where,
                $"epoch {before.Epoch}, number {_check.Cursor} was answered with epoch {welcome.Epoch}, number {welcome.Seq}, "
                + $"resumed {(welcome.Resumed ? "true" : "false")} ({Run.Findings.At(now)})");
            _check.Begin(welcome.From, now);
            _hasReset = true;
        }

        (_welcome, _ackEvery, _acknowledged, _acknowledgedAt, _heardAt) = (welcome, welcome.AckEvery, _check.Cursor, now, now);
        Open();
    }

    private void TakeEvent(ReadOnlySpan<byte> message, long seq, int id, bool isRedelivery, long now)
    {
        if (!_check.Take(seq, isRedelivery, now))
        {
            return;
        }

        if (_stream is not null && EventText.TryRead(message, _stream.Name, out var place, out var due))
        {
            Take(new DeliveredEvent(place, seq, id, due), now);
            return;
        }

        if (_stream is null)
        {
            Count(message, now);
        }
        else if (Run.Target.Users.Count == 0 || message.IndexOf(Run.RunName) >= 0)
        {
            Run.Findings.Add(FindingKind.WrongContent, Where, $"number {seq} is not what was published: {Quote(message)}");
        }
    }

    private void Take(in DeliveredEvent came, long now)
    {
        // When a page that comes later reads what was published before says nothing of the server.
        Count(ReadsAll ? 0 : came.Due, now);
        _stream!.Deliver(_device, came, _check, isComparable: !_hasReset);
    }

    // Another user's event has no business here, and its number says nothing of this user's.
    private bool IsForeign(ReadOnlySpan<byte> message)
        => _stream is not null
            && EventText.FindName(message, Run.RunName) is { IsEmpty: false } name
            && !name.SequenceEqual(_stream.Name);

    private static int IdOf(ReadOnlySpan<byte> message)
    {
        var begin = message.IndexOf("\"id\":\""u8) + 6;
        return begin >= 6 && message[begin..].IndexOf((byte)'"') is >= 0 and var length
            ? EventId.Hash(message.Slice(begin, length))
            : 0;
    }

    private static string Quote(ReadOnlySpan<byte> message)
        => Encoding.UTF8.GetString(message[..Math.Min(message.Length, MaxTold)]) + (message.Length > MaxTold ? "…" : string.Empty);

    private void Acknowledge(WebSocketClient client, long now)
    {
        (_acknowledged, _acknowledgedAt) = (_check.Cursor, now);
        AckHead.CopyTo(_ack);
        Utf8Formatter.TryFormat(_acknowledged, _ack.AsSpan(AckHead.Length), out var written);
        _ack[AckHead.Length + written] = (byte)'}';
        client.SendText(_ack.AsSpan(0, AckHead.Length + written + 1));
    }
}

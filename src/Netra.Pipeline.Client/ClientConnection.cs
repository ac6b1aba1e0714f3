using System.Net.WebSockets;
using Netra.Pipeline.Protocol;

namespace Netra.Pipeline.Client;

/// <summary>
/// One connection, from its handshake to its end. It ends once, for one reason, and says which. Six loops work on it (reading, writing,
/// acknowledging, watching for silence, renewing, leaving), and all of them have ended when <see cref="RunAsync"/> returns.
/// </summary>
internal sealed class ClientConnection : IDisposable
{
    private static readonly TimeSpan CloseTimeout = TimeSpan.FromSeconds(2);

    private readonly ClientParts _parts;
    private readonly EventClientOptions _options;
    private readonly ClientWebSocket _socket = new();
    private readonly MessageReceiver _receiver;
    private readonly Outbox _outbox = new();
    private readonly Renewal _renewal;
    private readonly Departure _departure;
    private readonly CancellationTokenSource _over = new();
    private readonly TaskCompletionSource<ConnectionEnd> _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private WelcomeMessage? _welcome;
    private Acknowledger? _acknowledger;
    private Intake? _intake;

    public ClientConnection(ClientParts parts)
    {
        (_parts, _options) = (parts, parts.Options);
        _receiver = new MessageReceiver(_socket, _options);
        _renewal = new Renewal(_options, _outbox, parts.Log);
        _departure = new Departure(
            _options,
            parts.Address.IsReadyAsync,
            reason => End(ConnectionEnd.Of(CloseCodes.Asked, reason) with { Instead = TimeSpan.Zero }));
    }

    /// <summary>Whether it was welcomed.</summary>
    public bool WasUp => _welcome is not null;

    /// <summary>Whether the client had a past when it connected.</summary>
    public bool HasPast { get; private set; }

    /// <summary>Whether events are left to the server until the application has handled those that wait.</summary>
    public bool IsBehind => _intake is { IsBehind: true };

    /// <summary>Connects, and carries what comes until it ends.</summary>
    /// <param name="stopping">The application wants no more.</param>
    public async Task<ConnectionEnd> RunAsync(CancellationToken stopping)
    {
        using var patience = new CancellationTokenSource(_options.ConnectTimeout, _options.Time);
        using var connecting = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, stopping);
        ConnectionEnd end;
        try
        {
            end = await ConnectAsync(connecting.Token) ?? await CarryAsync(stopping);
        }
        catch (OperationCanceledException) when (!WasUp && connecting.IsCancellationRequested)
        {
            end = ConnectionEnd.Of(stopping.IsCancellationRequested ? CloseCodes.Normal : CloseCodes.ConnectTimeout);
        }

        if (!WasUp)
        {
            _parts.Metrics.Connected(isUp: false);
        }

        // Whatever the connection was asked is still asked of the client.
        return end with { Instead = end.Instead ?? _departure.Left };
    }

    /// <summary>The application has handled a frame.</summary>
    public void Handled(bool isCritical, long events) => _acknowledger?.Handled(isCritical, events);

    /// <summary>The application has handled all that waited: what was left to the server comes now.</summary>
    public void FetchLeft() => End(ConnectionEnd.Of(CloseCodes.CaughtUp) with { Instead = TimeSpan.Zero });

    /// <summary>The server has sent what it should not have.</summary>
    public ConnectionEnd Fault(int code, string problem)
    {
        _parts.Log.ServerFault(problem);
        _parts.Metrics.Fault();
        return ConnectionEnd.Of(code, problem);
    }

    public void Dispose()
    {
        _acknowledger?.Dispose();
        _socket.Dispose();
        _over.Dispose();
    }

    private void End(ConnectionEnd end) => _ended.TrySetResult(end);

    private async Task<ConnectionEnd?> ConnectAsync(CancellationToken cancellationToken)
    {
        var point = _parts.Progress.Point;

        // A frame that is being handled may end inside of a joined one: then each event is to come by itself.
        var joins = _options.JoinText && !_parts.Progress.IsBusy;
        if (await new Handshake(_socket, _parts).OpenAsync(point, joins, cancellationToken) is { } refusal)
        {
            return refusal;
        }

        var (message, end) = await _receiver.ReceiveAsync(cancellationToken);
        if (end is not null)
        {
            cancellationToken.ThrowIfCancellationRequested();
            return end;
        }

        if (!ReceivedMessage.TryRead(message.Span, out var read, out _) || read is not WelcomeMessage welcome)
        {
            return Fault(CloseCodes.OutOfTurn, "it did not begin with its welcome");
        }

        Begin(welcome, point);
        return null;
    }

    private void Begin(WelcomeMessage welcome, ResumePoint? point)
    {
        HasPast = point is not null;
        var isReset = _parts.Progress.Begin(welcome);
        var after = welcome.Resumed && point is not null ? point.Seq : welcome.From;
        _acknowledger = new Acknowledger(
            _parts.Progress,
            _options.Store,
            _outbox,
            _options.Time,
            after,
            TimeSpan.FromMilliseconds(welcome.AckIntervalMs),
            welcome.AckEvery);
        _intake = new Intake(this, _parts, _receiver, _acknowledger, after, welcome.Seq);
        _welcome = welcome;
        _parts.Metrics.Connected(isUp: true);
        _parts.Log.Connected(_options.Address, welcome.ConnectionId, after, welcome.Seq, welcome.Resumed);
        _intake.Begin(isReset);
    }

    // The loops live until the first end; then there is a goodbye, unless nobody is there to hear it, and none of them is left behind.
    private async Task<ConnectionEnd> CarryAsync(CancellationToken stopping)
    {
        var reading = ReadAsync(_over.Token);
        Task[] loops =
        [
            _outbox.RunAsync(_socket, _over.Token),
            AcknowledgeAsync(_over.Token),
            WatchAsync(_over.Token),
            _renewal.RunAsync(_over.Token),
            _departure.RunAsync(_over.Token),
        ];
        _parts.Current.Value = this;
        _parts.Requests.Connected(_outbox);
        ConnectionEnd end;
        await using (stopping.UnsafeRegister(
            static self => ((ClientConnection)self!).End(ConnectionEnd.Of(CloseCodes.Normal)), this))
        {
            await Task.WhenAny(reading, _ended.Task);
            end = _ended.Task.IsCompleted ? await _ended.Task : await reading;
        }

        _parts.Current.Value = null;
        _parts.Requests.Disconnected();
        end = end.Code == CloseCodes.Silence ? end : await SayGoodbyeAsync(end, reading);
        await _over.CancelAsync();
        await Task.WhenAll([reading, .. loops]);
        _socket.Abort();
        _parts.Metrics.Ended(end.Code);
        return end;
    }

    private async Task<ConnectionEnd> SayGoodbyeAsync(ConnectionEnd end, Task reading)
    {
        using var patience = new CancellationTokenSource(CloseTimeout, _options.Time);
        try
        {
            if (end.Failure != EventClientFailure.ApplicationFailed)
            {
                await _acknowledger!.SendAsync(patience.Token);
            }

            _outbox.Close(end.Code is CloseCodes.Normal or (>= 3000 and < 4000) ? end.Code : CloseCodes.Normal);
            await reading.WaitAsync(patience.Token);
        }
        catch (Exception) when (patience.IsCancellationRequested)
        {
            // Nobody has answered, or the store has not kept the place in time: it is kept when it is due again.
        }
        catch (Exception exception)
        {
            return OfApplication("the store of the resume point failed", exception);
        }

        return end;
    }

    private async Task AcknowledgeAsync(CancellationToken cancellationToken)
    {
        try
        {
            await _acknowledger!.RunAsync(cancellationToken);
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            End(OfApplication("the store of the resume point failed", exception));
        }
    }

    private static ConnectionEnd OfApplication(string what, Exception exception) => new(CloseCodes.Normal, $"{what}: {exception.Message}")
    {
        Failure = EventClientFailure.ApplicationFailed,
        Cause = exception,
    };

    private async Task WatchAsync(CancellationToken cancellationToken)
    {
        var limit = TimeSpan.FromMilliseconds(_welcome!.PingIntervalMs + _welcome.PingTimeoutMs);
        if (await new SilenceWatch(_receiver, _options.Time).RunAsync(limit, cancellationToken))
        {
            End(ConnectionEnd.Of(CloseCodes.Silence, $"nothing came for {limit}"));
        }
    }

    private async Task<ConnectionEnd> ReadAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            var (message, end) = await _receiver.ReceiveAsync(cancellationToken);
            end ??= await HandleAsync(message, cancellationToken);
            if (end is not null)
            {
                return end;
            }
        }
    }

    private ValueTask<ConnectionEnd?> HandleAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        if (!ReceivedMessage.TryRead(bytes.Span, out var message, out var problem))
        {
            _parts.Log.ServerFault(problem);
            _parts.Metrics.Fault();
        }

        return message switch
        {
            EventMessage numbered => _intake!.AddAsync(numbered, problem, bytes.Length, cancellationToken),
            GapMessage gap => _intake!.AddAsync(gap, cancellationToken),
            WelcomeMessage => new(Fault(CloseCodes.OutOfTurn, "it welcomed twice")),
            _ => new(Control(message)),
        };
    }

    private ConnectionEnd? Control(ServerMessage? message)
    {
        switch (message)
        {
            case PingMessage ping:
                _outbox.Pong(new PongMessage(_acknowledger!.Carry(), ping.Ts));
                return null;
            case AcceptedMessage accepted:
                _parts.Requests.Accepted(accepted);
                return null;
            case ReconnectMessage reconnect:
                _parts.Log.AskedToLeave(reconnect.Reason, reconnect.AfterMs);
                _departure.Ask(reconnect);
                return null;
            case StayMessage:
                _departure.Stay();
                return null;
            case ExpiringMessage expiring:
                _renewal.Ask(expiring);
                return null;
            case AuthenticatedMessage authenticated:
                _renewal.Authenticated(authenticated);
                return null;
            case ErrorMessage error when !_renewal.TryRefuse(error) && !_parts.Requests.TryRefuse(error):
                return Tell(_options.ErrorReceived, error);
            case CommandTakenMessage taken:
                return Tell(_options.CommandTaken, taken);
            default:
                // Of a later version, or answered above.
                return null;
        }
    }

    private static ConnectionEnd? Tell<T>(Action<T>? callback, T message)
    {
        try
        {
            callback?.Invoke(message);
            return null;
        }
        catch (Exception exception)
        {
            return OfApplication("a callback failed", exception);
        }
    }
}

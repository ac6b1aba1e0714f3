using System.Net.WebSockets;
using Netra.Pipeline.Connections;
using Netra.Pipeline.Protocol;
using Netra.Pipeline.Tests.Infrastructure;

namespace Netra.Pipeline.Tests.Monitoring;

/// <summary>
/// A page as people use it: it acknowledges what it reads, its tab is put into the background, its laptop is closed
/// and opened again, and it is left.
/// </summary>
internal sealed class CalmPage(PipelineHost first, string userId) : IAsyncDisposable
{
    private PipelineHost _host = first;
    private readonly Lock _gate = new();
    private ClientWebSocket? _socket;
    private Task _reading = Task.CompletedTask;
    private WelcomeMessage? _welcome;
    private readonly List<string> _failed = [];
    private readonly List<string> _stalled = [];
    private readonly List<string> _errors = [];
    private bool _isFrozen;
    private bool _isLeaving;
    private bool _wasEnded;
    private long _cursor;

    public string UserId => userId;

    public bool IsThere => _socket is not null;

    /// <summary>Whether the server ended a connection that the page wanted to keep.</summary>
    public bool WasEnded => Volatile.Read(ref _wasEnded);

    /// <summary>The runs that it was told have failed.</summary>
    public IReadOnlyList<string> Failed => Copy(_failed);

    /// <summary>The runs that it was told have stalled.</summary>
    public IReadOnlyList<string> Stalled => Copy(_stalled);

    /// <summary>The codes of the <c>error</c> messages that it got.</summary>
    public IReadOnlyList<string> Errors => Copy(_errors);

    /// <summary>Whether the tab is in the background: the browser answers, the page does not.</summary>
    public bool IsFrozen
    {
        get => Volatile.Read(ref _isFrozen);
        set => Volatile.Write(ref _isFrozen, value);
    }

    private Connection? Connection
        => _welcome is { } welcome && _host.Connections.TryGet(welcome.ConnectionId, out var connection) ? connection : null;

    /// <summary>Comes, or comes back.</summary>
    public async Task OpenAsync()
    {
        IsFrozen = false;
        Volatile.Write(ref _isLeaving, false);
        var socket = new ClientWebSocket();
        socket.Options.AddSubProtocol(ProtocolConstants.Subprotocol);
        using var patience = new CancellationTokenSource(TestClient.Patience);
        await socket.ConnectAsync(
            _host.SocketAddress(userId, _welcome is { } last ? $"&epoch={last.Epoch}&seq={_cursor}&from={last.From}" : string.Empty),
            patience.Token);
        _welcome = null;
        _socket = socket;
        _reading = ReadAsync(socket);
        await Eventually.BecomesTrueAsync(() => _welcome is not null, "the welcome came");
    }

    /// <summary>The lid is closed: nothing is said, and nothing answers any more.</summary>
    public async Task CloseLidAsync()
    {
        Volatile.Write(ref _isLeaving, true);

        // What the kernel would do for a process that stands still, this one cannot: so the socket goes without a goodbye.
        _socket?.Abort();
        await GoneAsync();
    }

    /// <summary>The page is left as it should be.</summary>
    public async Task LeaveAsync()
    {
        Volatile.Write(ref _isLeaving, true);
        if (_socket is { State: WebSocketState.Open } socket)
        {
            using var patience = new CancellationTokenSource(TestClient.Patience);
            await socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, patience.Token);
        }

        await GoneAsync();
    }

    /// <summary>The server is about to say goodbye.</summary>
    public void ExpectsGoodbye() => Volatile.Write(ref _isLeaving, true);

    /// <summary>Goes over to another server, and comes back there if it is there at all; a tab in the background stays there.</summary>
    public async Task MoveAsync(PipelineHost next)
    {
        _host = next;
        if (IsThere)
        {
            var wasFrozen = IsFrozen;
            await GoneAsync();
            await OpenAsync();
            IsFrozen = wasFrozen;
        }
    }

    /// <summary>Waits until the page has done in this second what it does.</summary>
    public async Task SettleAsync()
    {
        if (_socket is null || Connection is not { } connection)
        {
            return;
        }

        await Eventually.BecomesTrueAsync(
            () => connection.IsEnded || connection.Silence < TimeSpan.FromSeconds(15), "the browser answered");
        if (!IsFrozen)
        {
            await Eventually.BecomesTrueAsync(() => connection.IsEnded || IsFrozen || !connection.IsPageAsked, "the page answered");
            await Eventually.BecomesTrueAsync(
                () => connection.IsEnded || IsFrozen || connection.Subscription.Acknowledged >= connection.Subscription.LastTold,
                "the page acknowledged");
        }
    }

    public async ValueTask DisposeAsync() => await CloseLidAsync();

    private async Task GoneAsync()
    {
        await _reading;
        _socket?.Dispose();
        _socket = null;
    }

    private async Task ReadAsync(ClientWebSocket socket)
    {
        var buffer = new byte[256 * 1024];
        try
        {
            while (true)
            {
                var length = 0;
                WebSocketReceiveResult result;
                do
                {
                    result = await socket.ReceiveAsync(
                        new ArraySegment<byte>(buffer, length, buffer.Length - length), CancellationToken.None);
                    length += result.Count;
                }
                while (!result.EndOfMessage);

                if (result.MessageType == WebSocketMessageType.Close)
                {
                    await socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, CancellationToken.None);
                    return;
                }

                await HandleAsync(socket, ServerMessageReader.Read(buffer.AsSpan(0, length)));
            }
        }
        catch (Exception exception)
            when (exception is WebSocketException or OperationCanceledException or ObjectDisposedException or InvalidOperationException)
        {
            // The lid is closed, or the server has ended it.
        }
        finally
        {
            // Whoever stays in the background for long is ended, rightly.
            Volatile.Write(ref _wasEnded, WasEnded || !(Volatile.Read(ref _isLeaving) || IsFrozen));
        }
    }

    private List<string> Copy(List<string> list)
    {
        lock (_gate)
        {
            return [.. list];
        }
    }

    private void Keep(ServerMessage message)
    {
        lock (_gate)
        {
            switch (message)
            {
                case EventMessage { EventType: EventType.AgentFailed } failed:
                    _failed.Add(failed.RunId);
                    break;
                case EventMessage { EventType: EventType.AgentStalled } stalled:
                    _stalled.Add(stalled.RunId);
                    break;
                case ErrorMessage error:
                    _errors.Add(error.Code);
                    break;
            }
        }
    }

    private async Task HandleAsync(ClientWebSocket socket, ServerMessage message)
    {
        Keep(message);
        switch (message)
        {
            case WelcomeMessage welcome:
                _cursor = Math.Max(_cursor, welcome.From);
                _welcome = welcome;
                break;
            case EventMessage numbered when !IsFrozen:
                lock (_gate)
                {
                    _cursor = Math.Max(_cursor, numbered.Seq);
                }

                await socket.SendAsync(
                    ClientMessageWriter.Ack(_cursor), WebSocketMessageType.Text, endOfMessage: true, CancellationToken.None);
                break;
            case PingMessage ping when !IsFrozen:
                await socket.SendAsync(
                    ClientMessageWriter.Pong(new PongMessage(_cursor, ping.Ts)),
                    WebSocketMessageType.Text,
                    endOfMessage: true,
                    CancellationToken.None);
                break;
        }
    }
}

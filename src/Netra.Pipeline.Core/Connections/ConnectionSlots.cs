using System.Diagnostics.Metrics;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Netra.Pipeline.Diagnostics;

namespace Netra.Pipeline.Connections;

/// <summary>
/// How many connections may be open at once, of all kinds: each takes a file handle, and without handles neither log nor monitor works, and
/// the runtime itself fails. A connection above the limit is closed at once. A part is reserved for handshakes and short requests, so that
/// probes and operators get through when pages fill the rest. Among connections whose first or next request the server waits for, the one
/// that has been silent longest is closed to make room for a new one.
/// </summary>
/// <remarks>Safe to use from any thread; the lock guards all state. Cutting and logging happen outside of it.</remarks>
internal sealed partial class ConnectionSlots
{
    // What starting takes besides the handles that are open already: each assembly that is loaded later keeps two.
    private const int HandlesOfStarting = 96;

    // With fewer there is no use in starting.
    private const int FewestConnections = 16;

    // One connection in this many is reserved for handshakes and short requests.
    private const int HandshakeShare = 8;

    // A connection silent for this long is not a page that is just connecting; delays of the server's own do not count.
    private static readonly TimeSpan SilencePatience = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan LogInterval = TimeSpan.FromMinutes(1);

    private readonly Lock _gate = new();
    private readonly Dictionary<ConnectionContext, Slot> _open = new(ReferenceEqualityComparer.Instance);

    // Connections whose first or next request is awaited; the one that has been silent longest is the first.
    private readonly LinkedList<Silence> _silent = new();
    private readonly LinkedList<Silence> _idle = new();
    private readonly ConnectionOptions _connections;
    private readonly int _reservedHandles;
    private readonly ServedTime _time;
    private readonly ILogger _logger;
    private readonly Counter<long> _refused;
    private int _limit;
    private int _held;
    private long _refusals;
    private long _untold;
    private long? _toldAt;

    /// <param name="connections">The limits.</param>
    /// <param name="reservedHandles">How many file handles are kept from connections.</param>
    /// <param name="meters">Makes the meter.</param>
    /// <param name="time">The clock.</param>
    /// <param name="logger">Where refusals are logged.</param>
    public ConnectionSlots(
        IOptions<ConnectionOptions> connections,
        int reservedHandles,
        IMeterFactory meters,
        ServedTime time,
        ILogger<ConnectionSlots> logger)
    {
        (_connections, _reservedHandles, _time, _logger) = (connections.Value, reservedHandles, time, logger);
        _limit = _connections.MaxConnections ?? int.MaxValue;
        var meter = meters.Create(PipelineMeter.Name);
        meter.CreateObservableUpDownCounter(
            "netra.socket.usage", () => Count, "{connection}", "Connections of all kinds that are open, HTTP's included.");
        meter.CreateObservableUpDownCounter("netra.socket.limit", () => Limit, "{connection}", "How many may be open.");
        _refused = meter.CreateCounter<long>(
            "netra.sockets.refused", "{connection}", "Connections that were closed without an answer, since there were too many.");
    }

    public int Limit => Volatile.Read(ref _limit);

    /// <summary>How many of them may be handshakes or short requests when the others are full.</summary>
    public int HandshakeLimit => Math.Min(_connections.MaxHandshakes, Math.Max(1, Limit / HandshakeShare));

    /// <summary>How many may be long-held.</summary>
    public int HoldLimit => Limit - HandshakeLimit;

    /// <summary>How many are long-held: pages, requests of many events, and feeds of dashboards.</summary>
    public int Held
    {
        get
        {
            lock (_gate)
            {
                return _held;
            }
        }
    }

    /// <summary>How many found no place since the start. Two readings show whether a connection was turned away in between.</summary>
    public long Refusals => Interlocked.Read(ref _refusals);

    public int Count
    {
        get
        {
            lock (_gate)
            {
                return _open.Count;
            }
        }
    }

    /// <summary>
    /// What is wrong with the number of file handles that the process may open, found before it runs out; null when nothing is.
    /// </summary>
    public string? ProblemOfHandles()
    {
        if (ProcessHandles.Limit() is not { } handles)
        {
            return null;
        }

        var open = ProcessHandles.Open();
        var needed = open + HandlesOfStarting + _reservedHandles + FewestConnections;
        return handles >= needed
            ? null
            : $"The process may open {handles} files and sockets (ulimit -n), and needs at least {needed}: {open} are open already, "
                + $"{HandlesOfStarting} more are needed to start, "
                + $"{_reservedHandles} are kept for log, alerts and monitor (Netra:Hosting:ReservedHandles), "
                + $"and {FewestConnections} for connections. Raise the limit.";
    }

    /// <summary>
    /// Sets the limit by the file handles that are left once all else has started. To be called before any public listener is bound.
    /// </summary>
    public void Measure()
    {
        var free = ProcessHandles.Limit() is { } handles ? handles - ProcessHandles.Open() - _reservedHandles : int.MaxValue;
        Volatile.Write(ref _limit, (int)Math.Min(_connections.MaxConnections ?? int.MaxValue, Math.Max(FewestConnections, free)));
        Log.Measured(_logger, Limit, HandshakeLimit);
    }

    /// <summary>
    /// Takes a slot for an accepted connection. Where its listener has a door, the wait for its bytes begins here: TLS may come before the
    /// door, and waits as well. Once bytes have come, a delay may be the server's own, so the connection does not count as silent until it
    /// is at the door.
    /// </summary>
    /// <param name="connection">The connection.</param>
    /// <param name="door">The door of its listener; null where the listener has none.</param>
    /// <returns>Whether there was a slot; if not, the connection is to be closed.</returns>
    public bool TryEnter(ConnectionContext connection, ListenerDoor? door = null)
    {
        List<ConnectionContext>? silent = null;
        var isFull = false;
        lock (_gate)
        {
            if (_open.Count >= _limit)
            {
                // Closed connections keep their slots a moment longer, which the reserve of handles covers.
                Take(_silent, keep: 0, most: 1, ref silent);
                Take(_idle, keep: 0, most: 1, ref silent);
                isFull = silent is null;
            }

            if (!isFull)
            {
                var slot = new Slot { Door = door };
                _open.Add(connection, slot);
                if (door is { IsThere: true } && connection.Features.Get<IConnectionSocketFeature>()?.Socket is { } socket)
                {
                    (slot.Socket, slot.IsWaiting) = (socket, true);
                    slot.Silence = _silent.AddLast(new Silence(connection, _time.GetTimestamp()));
                    Take(_silent, HandshakeLimit, int.MaxValue, ref silent);
                }
            }
        }

        Cut(silent);
        if (isFull)
        {
            Interlocked.Increment(ref _refusals);
            OnRefused("too_many_connections");
        }

        return !isFull;
    }

    /// <summary>Gives the slot of a connection back. To be called once it is closed.</summary>
    public void Leave(ConnectionContext connection)
    {
        lock (_gate)
        {
            if (_open.Remove(connection, out var slot))
            {
                slot.EndSilence();
            }
        }
    }

    /// <summary>
    /// The server waits for bytes of a connection. A connection that has no slot, over a transport of the host's own, is not limited.
    /// </summary>
    public void BeginWaiting(ConnectionContext connection) => Change(connection, static slot => slot.ComeToDoor());

    /// <summary>The wait is over: bytes have come, or the connection has ended.</summary>
    public void EndWaiting(ConnectionContext connection) => Change(connection, static slot => slot.IsWaiting = false);

    /// <summary>A connection has sent a request: while it is served, the connection may be silent.</summary>
    public void BeginRequest(ConnectionContext connection) => Change(connection, static slot =>
    {
        slot.Requests++;
        slot.HasAsked = true;
    });

    /// <summary>The request is one of the pipeline's own.</summary>
    public void ClaimRequest(ConnectionContext connection) => Change(connection, static slot => slot.OwnRequests++);

    /// <summary>A request of the pipeline's own is over.</summary>
    public void EndOwnRequest(ConnectionContext connection) => Change(connection, static slot => slot.EndOwnRequest());

    /// <summary>A request of the host's own is over. Of its answer no byte may have been sent yet.</summary>
    /// <param name="connection">The connection.</param>
    /// <param name="endInput">
    /// Has HTTP close the connection once its answers are sent, whatever else has come; callable from any thread, more than once. Null
    /// where HTTP does so by itself when the server stops.
    /// </param>
    public void EndRequestOfHost(ConnectionContext connection, Action? endInput)
        => Change(connection, slot => slot.EndRequestOfHost(endInput));

    /// <summary>Takes a place for one more long-held connection, if there is one: a page, or a request of many events.</summary>
    public bool TryHold()
    {
        lock (_gate)
        {
            if (_held >= HoldLimit)
            {
                return false;
            }

            _held++;
            return true;
        }
    }

    /// <summary>A long-held connection gives its place back.</summary>
    public void Release()
    {
        lock (_gate)
        {
            _held--;
        }
    }

    /// <summary>
    /// Cuts the connections that only the pipeline uses: those without a whole request, and those that the pipeline itself serves.
    /// Connections that the host serves, or has served last, are closed by HTTP, once the answer is sent.
    /// </summary>
    /// <returns>How many were cut.</returns>
    public int CutAll()
    {
        List<ConnectionContext> cut;
        List<Action> answered;
        lock (_gate)
        {
            cut = [.. _open.Where(static open => open.Value.IsOfNoUse).Select(static open => open.Key)];
            answered = [.. _open.Values.Where(static slot => slot.IsAnswered).Select(static slot => slot.EndInput).OfType<Action>()];
        }

        foreach (var connection in cut)
        {
            connection.Abort(new ConnectionAbortedException("The server stops."));
        }

        foreach (var endInput in answered)
        {
            endInput();
        }

        return cut.Count;
    }

    private void Change(ConnectionContext connection, Action<Slot> change)
    {
        List<ConnectionContext>? silent = null;
        lock (_gate)
        {
            if (!_open.TryGetValue(connection, out var slot))
            {
                return;
            }

            change(slot);
            var isSilent = slot is { IsWaiting: true, Requests: 0, IsCut: false };
            if (isSilent && slot.Silence is null)
            {
                slot.Silence = (slot.HasAsked ? _idle : _silent).AddLast(new Silence(connection, _time.GetTimestamp()));
                Take(_silent, HandshakeLimit, int.MaxValue, ref silent);
            }
            else if (!isSilent)
            {
                slot.EndSilence();
            }
        }

        Cut(silent);
    }

    private void Take(LinkedList<Silence> from, int keep, int most, ref List<ConnectionContext>? silent)
    {
        while (from.Count > keep && (silent?.Count ?? 0) < most
            && from.First!.Value is var longest && _time.GetElapsedTime(longest.BegunAt) >= SilencePatience)
        {
            from.RemoveFirst();
            var slot = _open[longest.Connection];
            slot.Silence = null;
            if (slot.Socket is { } socket && !TcpInfo.HasReceivedNothing(socket))
            {
                slot.IsWaiting = false;
                continue;
            }

            slot.IsCut = true;
            (silent ??= []).Add(longest.Connection);
        }
    }

    private void Cut(List<ConnectionContext>? silent)
    {
        foreach (var connection in silent ?? [])
        {
            connection.Abort(new ConnectionAbortedException("It sent no request, and others wait for its place."));
            OnRefused("too_many_handshakes");
        }
    }

    private void OnRefused(string reason)
    {
        _refused.Add(1, new KeyValuePair<string, object?>("error.type", reason));
        long untold;
        lock (_gate)
        {
            _untold++;
            if (_toldAt is { } before && _time.GetElapsedTime(before) < LogInterval)
            {
                return;
            }

            (untold, _untold, _toldAt) = (_untold, 0, _time.GetTimestamp());
        }

        Log.Refused(_logger, untold, Count, Limit);
    }

    private readonly record struct Silence(ConnectionContext Connection, long BegunAt);

    private sealed class Slot
    {
        private bool _hasHostsAnswer;

        public bool IsWaiting { get; set; }

        public bool IsCut { get; set; }

        // Whether the slot is told when requests of it are awaited and served.
        public bool IsKnown { get; set; }

        public bool HasAsked { get; set; }

        public int Requests { get; set; }

        public int OwnRequests { get; set; }

        // What ends the input after an answer of the host's.
        public Action? EndInput { get; private set; }

        public ListenerDoor? Door { get; init; }

        // Until it is at the door.
        public Socket? Socket { get; set; }

        public LinkedListNode<Silence>? Silence { get; set; }

        // The last answer is the host's, and may be on its way still.
        public bool IsAnswered => Requests == 0 && _hasHostsAnswer;

        // To a host that stops. On a listener that has a door, a connection that has not reached it is still before TLS.
        public bool IsOfNoUse => IsKnown ? Requests == OwnRequests && !IsAnswered : Door is { IsThere: true };

        public void ComeToDoor()
        {
            if (!IsKnown)
            {
                // Time spent before the door need not be the peer's.
                EndSilence();
                (IsKnown, Socket) = (true, null);
                Door?.IsThere = true;
            }

            IsWaiting = true;
        }

        public void EndOwnRequest()
        {
            Requests--;
            OwnRequests--;

            // Without an end of the input, with HTTP/2, several answers may be on their way at once.
            _hasHostsAnswer &= EndInput is null;
        }

        public void EndRequestOfHost(Action? endInput)
        {
            Requests--;
            (_hasHostsAnswer, EndInput) = (true, endInput);
        }

        public void EndSilence()
        {
            if (Silence is { List: { } list } silence)
            {
                list.Remove(silence);
            }

            Silence = null;
        }
    }

    private static partial class Log
    {
        [LoggerMessage(
            EventIds.SocketLimit,
            LogLevel.Information,
            "At most {Limit} connections are taken, {Handshakes} of them are kept for handshakes and short requests",
            EventName = nameof(EventIds.SocketLimit))]
        public static partial void Measured(ILogger logger, int limit, int handshakes);

        [LoggerMessage(EventIds.SocketsRefused, LogLevel.Warning,
            "{Connections} connections were closed without an answer: {Open} of {Limit} are open (Netra:Connections:MaxConnections, "
            + "ulimit -n). This is said once a minute",
            EventName = nameof(EventIds.SocketsRefused))]
        public static partial void Refused(ILogger logger, long connections, int open, int limit);
    }
}

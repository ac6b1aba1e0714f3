using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Netra.Pipeline.Tests.Infrastructure;

namespace Netra.Pipeline.Tests.Fuzzing;

/// <summary>
/// Inputs for a running server, from one seed: handshakes and frames for both doors, requests of every route, bodies and lines; each nearly
/// right. Every input is a connection of its own, from one of many addresses of this machine, since one has too few ports.
/// </summary>
internal sealed class HostileTraffic(int seed)
{
    private const int Addresses = 64;

    private static readonly (string Method, string Target, string? Body)[] Requests =
    [
        ("POST", "/v1/events", null),
        (
            "POST",
            "/v1/runs/answer",
            """{"user_id":"ada","thread_id":"t1","run_id":"r1","request_id":"q1","value":{"yes":true},"by":"bob"}"""),
        ("POST", "/v1/commands/ack", """{"command_ack":"c-1"}"""),
        ("GET", "/v1/commands?user_id=ada&subscribe=chat_message", null),
        ("GET", "/v1/stream?user_id=ada&seq=0&join=1", null),
        ("POST", "/v1/stream/c-1/messages?user_id=ada", """{"type":"chat_message","id":"m1","thread_id":"t1","content":"What is 2+3?"}"""),
        ("POST", "/v1/stream/c-1/ack?post_key=abc", """{"type":"ack","seq":3}"""),
        ("GET", "/v1/threads?user_id=ada&after=x&limit=5", null),
        ("GET", "/v1/threads/t1/events?user_id=ada&after=0&limit=10", null),
        ("GET", "/v1/ledger?user_id=ada", null),
        ("GET", "/v1/dead-letters?after=0&limit=10&state=dead", null),
        ("GET", "/v1/users/ada/undelivered?after=0", null),
        ("GET", "/v1/events/0f3k7x9m2qwcb-58/trace", null),
        ("POST", "/v1/tickets", """{"user_id":"ada","session_s":60}"""),
        ("POST", "/v1/keys", """{"name":"ci","scopes":["publish"],"users":"team-*","expires_in_s":3600}"""),
        ("POST", "/v1/revocations", """{"token_id":"t-1"}"""),
        ("POST", "/v1/session", """{"key":"nk_00000000000000000000000000000000000000000000000000000a","user_id":"ada"}"""),
        ("GET", "/v1/session", null),
        ("GET", "/monitoring/websocket/users/ada", null),
        ("GET", "/monitoring/websocket/metrics/users?after=a&limit=3", null),
        ("GET", "/monitoring/websocket/dashboard/websocket_user_diagnostics?user_id=ada", null),
        ("POST", "/monitoring/websocket/silences", """{"rule":"failure_rate","labels":{"a":"b"},"comment":"c","duration_s":60}"""),
        ("PUT", "/monitoring/websocket/rules/failure_rate", """{"threshold":0.5,"for_s":5,"severity":"high","author":"ada"}"""),
        ("GET", "/monitoring/websocket/audit?after=0&limit=10", null),
        ("GET", "/healthz", null),
        ("GET", "/", null),
    ];

    private readonly Mutator _mutator = new(seed);

    /// <summary>The next inputs.</summary>
    public byte[][] Next(int count) => [.. Enumerable.Range(0, count).Select(_ => Next())];

    /// <summary>
    /// Sends one, ends its own side, and reads until the server has ended as well; but of answers without an end only the beginning.
    /// </summary>
    /// <exception cref="AssertionException">The server does not end.</exception>
    public static async Task SendAsync(int port, byte[] input, int index)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        socket.Bind(new IPEndPoint(IPAddress.Parse(string.Create(CultureInfo.InvariantCulture, $"127.0.1.{1 + (index % Addresses)}")), 0));
        var buffer = new byte[16 * 1024];
        using var patience = new CancellationTokenSource(TestClient.Patience);
        try
        {
            await socket.ConnectAsync(IPAddress.Loopback, port, patience.Token);
            var sending = SendAllAsync(socket, input, patience.Token);
            if (IsEndless(input))
            {
                // It hears a little, and is gone.
                await sending;
                await socket.ReceiveAsync(buffer, patience.Token);
                socket.LingerState = new LingerOption(enable: true, seconds: 0);
                return;
            }

            while (await socket.ReceiveAsync(buffer, patience.Token) > 0)
            {
                // Whatever it answers.
            }

            await sending;
        }
        catch (SocketException)
        {
            // It was closed before all was sent.
        }
        catch (OperationCanceledException exception)
        {
            throw new AssertionException($"It hangs: {Convert.ToBase64String(input)}", exception);
        }
    }

    // That the peer of such a stream has ended its own side is found out with the next tick, and a batch would wait for that.
    private static bool IsEndless(ReadOnlySpan<byte> input)
        => input.IndexOf("GET /v1/stream"u8) >= 0 || input.IndexOf("GET /v1/commands"u8) >= 0;

    private static async Task SendAllAsync(Socket socket, byte[] input, CancellationToken cancellationToken)
    {
        for (var sent = 0; sent < input.Length;)
        {
            sent += await socket.SendAsync(input.AsMemory(sent), cancellationToken);
        }

        socket.Shutdown(SocketShutdown.Send);
    }

    private byte[] Next() => _mutator.Below(8) switch
    {
        0 => _mutator.Next(RequestTargets.Handshakes),
        1 or 2 => [.. Handshake(), .. Frames()],
        3 => [.. Kept(), .. Handshake(), .. Frames()],
        4 => [.. Kept(), .. _mutator.Next(RequestTargets.Handshakes)],
        5 => RequestOf(_mutator.Pick(Requests), changesBody: true),
        6 => Lines(),
        _ => _mutator.Next([RequestOf(_mutator.Pick(Requests), changesBody: false)]),
    };

    private byte[] Handshake() => Encoding.UTF8.GetBytes(RawPeer.Handshake($"fuzz-{_mutator.Below(50)}", "&seq=0"));

    // A request before it, so that what follows comes to the second door.
    private static byte[] Kept() => "GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n"u8.ToArray();

    private IEnumerable<byte> Frames()
    {
        for (var left = 1 + _mutator.Below(5); left > 0; left--)
        {
            var payload = NearlyRight(MessageTargets.ClientMessages);
            var frame = RawFrame.Encode(
                _mutator.Below(4) == 0 ? _mutator.Below(16) : RawFrame.Text,
                payload,
                final: _mutator.Below(5) > 0,
                masked: _mutator.Below(20) > 0,
                reserved: _mutator.Below(20) == 0 ? 0x40 : 0);
            foreach (var next in _mutator.Below(6) == 0 ? _mutator.Next([frame]) : frame)
            {
                yield return next;
            }
        }
    }

    // Some are right: what comes after them is read as well.
    private byte[] NearlyRight(byte[][] samples) => _mutator.Below(3) == 0 ? _mutator.Pick(samples) : _mutator.Next(samples);

    private byte[] RequestOf((string Method, string Target, string? Body) request, bool changesBody)
    {
        var sample = request.Body is { } given ? Encoding.UTF8.GetBytes(given)
            : request.Method == "POST" ? _mutator.Pick(MessageTargets.Events)
            : [];
        var body = changesBody && sample.Length > 0 ? _mutator.Next([sample]) : sample;
        var length = body.Length > 0 ? $"Content-Type: application/json\r\nContent-Length: {body.Length}\r\n" : string.Empty;
        return
        [
            .. Encoding.UTF8.GetBytes($"{request.Method} {request.Target} HTTP/1.1\r\nHost: localhost\r\n{length}\r\n"),
            .. body,
        ];
    }

    // A request of many events, in chunks.
    private byte[] Lines()
    {
        byte[] lines =
        [
            .. Enumerable.Range(0, 1 + _mutator.Below(5)).SelectMany(_ => (byte[])[.. NearlyRight(MessageTargets.Events), (byte)'\n']),
        ];
        byte[] request =
        [
            .. "POST /v1/events HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-ndjson\r\nTransfer-Encoding: chunked\r\n\r\n"u8,
            .. Encoding.ASCII.GetBytes($"{lines.Length:x}\r\n"), .. lines, .. "\r\n0\r\n\r\n"u8,
        ];
        return _mutator.Below(5) == 0 ? _mutator.Next([request]) : request;
    }
}

using System.Buffers;
using System.Net;
using System.Text;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Extensions.DependencyInjection;
using Netra.Pipeline.Connections;
using Netra.Pipeline.Diagnostics;
using Netra.Pipeline.Edge;
using Netra.Pipeline.Http;
using Netra.Pipeline.Protocol;
using Netra.Pipeline.Publishing;
using Netra.Pipeline.Security.Credentials;
using Netra.Pipeline.Storage;
using Netra.Pipeline.Tests.Infrastructure;
using Netra.Pipeline.WebSockets;

namespace Netra.Pipeline.Tests.Fuzzing;

/// <summary>What reads the heads of requests: at the fast door, and of what stands in their lines, queries and fields.</summary>
internal static partial class RequestTargets
{
    private static readonly FastDoorPath Path = new("/ws");
    private static readonly HandshakeLimits Limits = new(8 * 1024, 32 * 1024, 100, TimeSpan.FromSeconds(30), TimeSpan.FromSeconds(130));

    private static readonly string[] Queries =
    [
        "?user_id=ada&seq=41&from=17&epoch=Zk3f&join=1", "?ticket=nt_x&seq=0", "?token=eyJ.e30.x&user_id=%F0%9F%98%80", "?after=5&limit=10",
        "?commands=1&subscribe=chat_message", "?user_id=a%2Fb&after=name&limit=1000",
    ];

    private static readonly string[] Extensions =
    [
        "permessage-deflate; client_max_window_bits; server_max_window_bits=\"10\"", "permessage-deflate;server_no_context_takeover, x",
        "permessage-deflate; client_no_context_takeover; client_max_window_bits=15",
    ];

    private static readonly string[] Origins =
        ["https://chat.example.com", "http://[::1]:5080", "http://127.0.0.1", "https://a.example.com:8443"];

    public static byte[][] Handshakes { get; } =
    [
        .. Queries.Select(static query => RawPeer.Handshake(
                "ada",
                requestLine: $"GET /ws{query} HTTP/1.1",
                fields: "Sec-WebSocket-Protocol: netra.v1, bearer.eyJhbGciOiJIUzI1NiJ9.e30.c2ln\r\n"
                    + $"Sec-WebSocket-Extensions: {Extensions[0]}\r\nOrigin: {Origins[0]}\r\nAuthorization: Bearer nk_abc\r\n"
                    + "X-Forwarded-For: 10.0.0.1, 192.0.2.7:80\r\nForwarded: for=\"[2001:db8::1]:4711\";proto=https;host=a.example\r\n"
                    + "Sec-Fetch-Site: same-origin\r\nLast-Event-ID: Zk3f.3.17\r\n"))
            .Append(RawPeer.Handshake("ada", "&seq=0"))
            .Append(RawPeer.Handshake("ada"))
            .Select(Encoding.Latin1.GetBytes),
    ];

    public static IEnumerable<FuzzTarget> All(IServiceProvider services)
    {
        var checks = services.GetRequiredService<RequestChecks>();
        var proxied = new ForwardedRequests(
            new TrustedProxies(Microsoft.Extensions.Options.Options.Create(Trusting())),
            Microsoft.Extensions.Options.Options.Create(Trusting()),
            services.GetRequiredService<Microsoft.Extensions.Hosting.IHostEnvironment>(),
            services.GetRequiredService<Microsoft.Extensions.Logging.ILoggerFactory>());
        var authenticator = services.GetRequiredService<CredentialAuthenticator>();
        return
        [
            new("handshakes", Handshakes, bytes => ReadHandshakeAsync(bytes, checks, proxied, authenticator)),
            new("lines of the PROXY protocol", [
                "PROXY TCP4 192.0.2.1 198.51.100.7 56324 443\r\n"u8.ToArray(), "PROXY UNKNOWN\r\nGET"u8.ToArray(),
                "PROXY TCP6 2001:db8::1 ::1 1 65535\r\n"u8.ToArray(),
            ], ReadProxyLine),
            FuzzTarget.OfText("Forwarded", ["for=192.0.2.43;proto=https;host=a.example,for=\"[2001:db8::17]:4711\"", "For=unknown"], text =>
            {
                ForwardedElement.TryParse(text);
                ReadForwarded(text, proxied);
            }),
            FuzzTarget.OfText("origins", Origins, ReadOrigin),
            FuzzTarget.OfText("hosts", ["chat.example.com:443", "[::1]:5080", "127.0.0.1", "LOCALHOST"], text =>
                ReadHost(text, services.GetRequiredService<HostRules>())),
            FuzzTarget.OfText("offers of extensions", Extensions, ReadOffer),
            FuzzTarget.OfText("queries", Queries, ReadQuery),
            FuzzTarget.OfText("cursors of event streams", ["Zk3f.3.17", "a-_Z.0.9007199254740991"], ReadCursor),
            FuzzTarget.OfText("percent-encoding", ["a%2Fb%C3%BC", "/v1/threads/%2e%2e/events?x=%25", "%F0%9F%98%80"], ReadEscapes),
            FuzzTarget.OfText("trace contexts", ["00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"], static text =>
                TraceContext.TryCreate(text, text, out _)),
            FuzzTarget.OfText("media types", ["application/json; charset=\"utf-8\"", "application/x-ndjson"], static text =>
            {
                var context = new DefaultHttpContext();
                (context.Request.Headers.ContentType, context.Request.Headers.ContentEncoding) = (text, "identity");
                JsonBody.MediaTypeOf(context.Request);
            }),
        ];
    }

    private static ProxyOptions Trusting() => new() { Trusted = { "127.0.0.1", "10.0.0.0/8", "2001:db8::/32", "unix" } };

    // Whole and in pieces it must come to the same, and what comes of it must be decided by whoever is asked next.
    private static async ValueTask ReadHandshakeAsync(
        byte[] bytes, RequestChecks checks, ForwardedRequests proxied, CredentialAuthenticator authenticator)
    {
        var (whole, head) = Parse(new ReadOnlySequence<byte>(bytes), new HandshakeParser(Path, Limits));
        var parser = new HandshakeParser(Path, Limits);
        var pieces = ("NeedMore", default(HandshakeHead));
        foreach (var end in Enumerable.Range(1, 4).Select(part => bytes.Length * part / 4))
        {
            pieces = pieces.Item1 == "NeedMore" ? Parse(MessageTargets.Pieces(bytes[..end]), parser) : pieces;
        }

        // Where the end does not come, one may decide what the other still waits for.
        if (whole != "NeedMore" && pieces.Item1 != "NeedMore")
        {
            Assert.That(pieces.Item1, Is.EqualTo(whole), "in pieces it comes to something else");
        }

        if (head is null)
        {
            return;
        }

        var (remote, isSecure) = proxied.Apply(head.Headers, new IPEndPoint(IPAddress.Loopback, 4711), isSecure: false);
        checks.Check(head.Headers, isSecure, asksForOrigin: true);
        var request = new HandshakeRequest
        {
            Path = Path.Value,
            Target = head.Path + head.QueryString,
            Query = new QueryCollection(QueryHelpers.ParseQuery(head.QueryString)),
            Headers = head.Headers,
            RemoteEndPoint = remote,
            IsSecure = isSecure,
        };
        HandshakeRules.CheckTarget(request);
        if (HandshakeRules.Check(request, out var subprotocol) is null)
        {
            Assert.That(subprotocol, Is.Null.Or.EqualTo(ProtocolConstants.Subprotocol));
            HandshakeResponse.Accept(
                request.Headers.SecWebSocketKey!,
                subprotocol,
                CompressionOffer.FirstOf(request.Headers.SecWebSocketExtensions)?.ToString());
        }

        ResumeRules.Read(request.Query, out _);
        ResumeRules.ReadStream(request.Headers, request.Query, out _);
        ResumeRules.ReadJoin(request.Query, out _);
        var answer = await authenticator.AuthenticateAsync(request, CancellationToken.None);
        Assert.That(answer.Status, Is.Not.EqualTo(101), "nobody of these is admitted");
    }

    private static (string Result, HandshakeHead? Head) Parse(in ReadOnlySequence<byte> bytes, HandshakeParser parser)
    {
        try
        {
            var progress = parser.Parse(bytes);
            return progress == HandshakeProgress.Complete
                ? ($"Complete {parser.HeadLength} {parser.Head.QueryString} {string.Join('|', parser.Head.Headers)}", parser.Head)
                : (progress.ToString(), null);
        }
        catch (HandshakeRefusedException exception)
        {
            Assert.That(exception.Refusal.Status, Is.InRange(400, 431));
            return ($"{exception.Refusal.Status} {exception.Refusal.Code}", null);
        }
    }

    [GeneratedRegex(@"\APROXY (UNKNOWN[^\r\n]*|TCP4( \d{1,3}(\.\d{1,3}){3}){2}( \d{1,5}){2}|TCP6( [0-9a-fA-F:.]+){2}( \d{1,5}){2})\r\n")]
    private static partial Regex ProxyLineForm();

    private static void ReadProxyLine(byte[] bytes)
    {
        var sequence = MessageTargets.Pieces(bytes);
        if (ProxyLine.TryRead(sequence, out var line) && line is not null)
        {
            Assert.That(line.Length, Is.InRange(15, ProxyLine.MaxLength));
            var text = Encoding.Latin1.GetString(bytes, 0, line.Length);
            Assert.That(text.EndsWith("\r\n", StringComparison.Ordinal), Is.True);
            Assert.That(line.Client is null || ProxyLineForm().IsMatch(text), Is.True, "a line that there is not is taken");
        }
        else
        {
            Assert.That(line, Is.Null);
        }
    }

    private static void ReadForwarded(string text, ForwardedRequests proxied)
    {
        // A field of HTTP has none of these.
        var headers = new HeaderDictionary { ["Forwarded"] = text, ["X-Forwarded-For"] = text, ["X-Forwarded-Proto"] = text };
        proxied.Apply(headers, new IPEndPoint(IPAddress.Parse("10.1.2.3"), 80), isSecure: false);
    }

    private static void ReadOrigin(string text)
    {
        if (Origin.TryParse(text, out var origin))
        {
            Assert.That(Origin.TryParse(origin.ToString(), out var again) && again == origin, Is.True, $"'{origin}' is not itself");
        }
    }

    private static void ReadHost(string text, HostRules rules)
    {
        rules.Check(text);
        if (Authority.TryParse(text, out var authority))
        {
            Assert.That(authority.Port, Is.Null.Or.InRange(0, ushort.MaxValue));
            Assert.That(authority.Host, Is.Not.Empty);
            Assert.That(text, Does.StartWith(authority.Host));
            Assert.That(
                authority.Port is null || Regex.IsMatch(text[authority.Host.Length..], @"\A:\d{1,}\z"), Is.True, "no port");
        }
    }

    private static void ReadOffer(string text)
    {
        if (CompressionOffer.FirstOf(text) is { } offer)
        {
            Assert.That(offer.ServerMaxWindowBits, Is.Null.Or.InRange(9, 15));
            Assert.That(offer.ClientMaxWindowBits, Is.Null.Or.InRange(9, 15));
        }
    }

    private static void ReadQuery(string text)
    {
        var query = new QueryCollection(QueryHelpers.ParseQuery(text));
        if (ResumeRules.Read(query, out var resume) is null)
        {
            ShouldBeCursor(resume.Seq, resume.From);
        }

        ResumeRules.ReadJoin(query, out _);
        var reader = new QueryReader(query);
        Assert.That(reader.After(), Is.InRange(0, ProtocolConstants.MaxSeq));
        Assert.That(reader.Limit(), Is.InRange(1, 1000));
        reader.UserId();
        reader.AfterName();
        reader.Choice<CommandKind>("command", CommandKinds.WireName);
        CommandQuery.OfPublish(query, out _);
        CommandQuery.OfReader(query, out _);
    }

    private static void ReadCursor(string text)
    {
        var headers = new HeaderDictionary { ["Last-Event-ID"] = text };
        if (ResumeRules.ReadStream(headers, new QueryCollection(), out var resume) is null)
        {
            ShouldBeCursor(resume.Seq, resume.From);
            Assert.That(text.Length == 0 || Regex.IsMatch(text, @"\A[A-Za-z0-9_-]{1,64}\.[0-9]{1,16}\.[0-9]{1,16}\z"), Is.True);
        }
    }

    private static void ShouldBeCursor(long? seq, long? from)
    {
        Assert.That(seq, Is.Null.Or.InRange(0, ProtocolConstants.MaxSeq));
        Assert.That(from, Is.Null.Or.InRange(0, seq ?? -1));
    }

    private static void ReadEscapes(string text)
    {
        var isRight = PercentEncoding.TryDecode(text, out var decoded);
        Assert.That(PercentEncoding.IsValid(text), Is.EqualTo(isRight || !text.Contains('%')));
        if (isRight)
        {
            Assert.That(Regex.IsMatch(text, @"\A([^%]|%[0-9A-Fa-f]{2})*\z"), Is.True, "an escape is taken that is none");
            Assert.That(PercentEncoding.TryDecode(Uri.EscapeDataString(decoded!), out var again) && again == decoded, Is.True);
        }

        var context = new DefaultHttpContext();
        context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget = text;
        RawTarget.SegmentsOf(context);
    }
}

namespace Netra.Pipeline.Load.Attacks;

/// <summary>Requests whose end can be understood in two ways: a proxy and the server must not differ about it.</summary>
internal sealed class Smuggling() : Attack("smuggling", "requests that end in two ways, or that hide another one")
{
    private const string Hidden = "GET /hidden HTTP/1.1\r\nHost: x\r\n\r\n";

    public override async Task<string> RunAsync(AttackTarget target, TimeSpan duration, CancellationToken cancellationToken)
    {
        const string Json = "application/json";
        var page = await target.FieldsOfAsync(0, cancellationToken);
        (string What, string Request)[] requests =
        [
            ("two lengths", target.PublishHead(Json, "Content-Length: 5\r\nContent-Length: 6\r\n") + "12345" + Hidden),
            ("a length that is no number", target.PublishHead(Json, "Content-Length: +5\r\n") + "12345"),
            ("an encoding that is not chunked last", target.PublishHead(Json, "Transfer-Encoding: chunked, identity\r\n") + "0\r\n\r\n"),
            ("an unknown encoding", target.PublishHead(Json, "Transfer-Encoding: xchunked\r\n") + "0\r\n\r\n"),
            ("a chunk that has no size", target.PublishHead(Json, "Transfer-Encoding: chunked\r\n") + "zz\r\n\r\n"),
            ("white space before the colon", target.PublishHead(Json, "Content-Length : 5\r\n") + "12345"),
            ("a folded field", target.PublishHead(Json, "X-A: b\r\n Content-Length: 5\r\n")),
            ("a zero in a field", target.PublishHead(Json, "X-A: \0\r\nContent-Length: 0\r\n")),
            ("a bare line feed in the request line", "GET /ws\n HTTP/1.1\r\nHost: x\r\n\r\n"),
            ("two hosts", $"GET /ws HTTP/1.1\r\nHost: a\r\nHost: {target.Url.Authority}\r\n\r\n"),
            ("a handshake with a body", target.Handshake(0, fields: page + "Content-Length: 5\r\n") + "12345"),
            ("a handshake with chunks", target.Handshake(0, fields: page + "Transfer-Encoding: chunked\r\n") + "0\r\n\r\n"),
            (
                "a length beside chunks",
                target.PublishHead(Json, "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n") + "0\r\n\r\n" + Hidden),
        ];
        foreach (var (what, request) in requests)
        {
            var status = await target.AskAsync(request, cancellationToken);
            if (status is not (0 or (>= 400 and < 500)))
            {
                throw new AttackSucceededException($"{what} was answered with {status}");
            }
        }

        return $"{requests.Length} of {requests.Length} were refused";
    }
}

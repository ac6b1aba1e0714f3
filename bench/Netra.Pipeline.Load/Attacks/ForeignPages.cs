namespace Netra.Pipeline.Load.Attacks;

/// <summary>What a page of another origin, open in the browser of a user or an operator, has that browser send.</summary>
internal sealed class ForeignPages() : Attack("foreign-pages", "requests that a browser sends for pages of others, and under other hosts")
{
    private const string Origin = "Origin: https://evil.example\r\n";
    private const string CrossSite = "Sec-Fetch-Site: cross-site\r\n";
    private const string OtherHost = "rebound.evil.example";

    public override async Task<string> RunAsync(AttackTarget target, TimeSpan duration, CancellationToken cancellationToken)
    {
        var page = await target.FieldsOfAsync(0, cancellationToken);
        var json = AttackTarget.Event(target.UserOf(0), "foreign", "token", """{"delta":"x"}""");
        var empty = $"Host: {target.Url.Authority}\r\n{target.PublisherFields}Content-Length: 0\r\n";
        (string What, string Request)[] requests =
        [
            ("a WebSocket of another origin", target.Handshake(0, fields: page + Origin)),
            ("a WebSocket of no origin at all", target.Handshake(0, fields: page + "Origin: null\r\n")),
            ("a WebSocket under another host", target.Handshake(0, fields: page, host: OtherHost)),
            ("an event of another origin", target.PublishOne(json, Origin)),
            ("an event of another site", target.PublishOne(json, CrossSite)),
            ("an event under another host", target.PublishOne(json, host: OtherHost)),
            ("an event under another host and origin", target.PublishOne(json, $"Origin: http://{OtherHost}\r\n", OtherHost)),
            (
                "emergency mode of another origin",
                $"PUT /monitoring/websocket/emergency/mode HTTP/1.1\r\n{empty}{Origin}\r\n"),
            (
                "a test of a channel of another site",
                $"POST /monitoring/websocket/channels/log/test HTTP/1.1\r\n{empty}{CrossSite}\r\n"),
        ];
        foreach (var (what, request) in requests)
        {
            var status = await target.AskAsync(request, cancellationToken);
            if (status is not (0 or 400 or 401 or 403 or 421))
            {
                throw new AttackSucceededException($"{what} was answered with {status}");
            }
        }

        return $"{requests.Length} of {requests.Length} were refused";
    }
}

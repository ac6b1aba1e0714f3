using System.Buffers.Text;
using System.Text;

namespace Netra.Pipeline.Load.Attacks;

/// <summary>Credentials that nobody has given: forged, of no algorithm, empty, or far too long.</summary>
internal sealed class MadeUpCredentials() : Attack("made-up-credentials", "forged tokens, keys and tickets, in every place that takes one")
{
    public override async Task<string> RunAsync(AttackTarget target, TimeSpan duration, CancellationToken cancellationToken)
    {
        var claims = $$"""{"sub":"{{target.UserOf(0)}}","scope":"publish connect operate configure","exp":9999999999}""";
        string[] credentials =
        [
            $"{Part("""{"alg":"none"}""")}.{Part(claims)}.",
            $"{Part("""{"alg":"HS256","typ":"JWT"}""")}.{Part(claims)}.{Part("no signature at all")}",
            $"{Part("""{"alg":"HS256","jku":"http://127.0.0.1:1/keys","crit":["x"]}""")}.{Part(claims)}.{Part("x")}",
            "a.b.c",
            "nk_0000000000000000_0000000000000000000000000000000000000000000",
            new('x', 6_000),
        ];
        var json = AttackTarget.Event(target.UserOf(0), "made-up", "token", """{"delta":"x"}""");
        var (asked, counts) = (0, new SortedDictionary<int, int>());
        foreach (var credential in credentials)
        {
            var bearer = $"Authorization: Bearer {credential}\r\n";
            var host = $"Host: {target.Url.Authority}\r\n";
            string[] requests =
            [
                $"GET /ws?user_id={target.UserOf(0)} HTTP/1.1\r\n{host}{AttackTarget.Upgrade}{bearer}\r\n",
                $"GET /ws?user_id={target.UserOf(0)} HTTP/1.1\r\n{host}{AttackTarget.Upgrade}"
                + $"Sec-WebSocket-Protocol: netra.v1, bearer.{credential}\r\n\r\n",
                $"GET /ws?ticket={credential} HTTP/1.1\r\n{host}{AttackTarget.Upgrade}\r\n",
                $"POST /v1/events HTTP/1.1\r\n{host}{bearer}Content-Type: application/json\r\n"
                + $"Content-Length: {Encoding.UTF8.GetByteCount(json)}\r\n\r\n{json}",
                $"GET /monitoring/websocket/system/status HTTP/1.1\r\n{host}{bearer}\r\n",
                $"PUT /monitoring/websocket/emergency/mode HTTP/1.1\r\n{host}{bearer}Content-Length: 0\r\n\r\n",
            ];
            foreach (var request in requests)
            {
                var status = await target.AskAsync(request, cancellationToken);
                (asked, counts[status]) = (asked + 1, counts.GetValueOrDefault(status) + 1);
                if (status is not (0 or (>= 400 and < 500)))
                {
                    throw new AttackSucceededException($"{request.Split('\r')[0]} with {credential[..5]}… was answered with {status}");
                }
            }
        }

        return $"{asked} of {asked} were refused: {string.Join(", ", counts.Select(static count => $"{count.Key} × {count.Value}"))}";
    }

    private static string Part(string text) => Base64Url.EncodeToString(Encoding.UTF8.GetBytes(text));
}

using System.Net;

namespace Netra.Pipeline.Tests.Monitoring.Harms;

/// <summary>Pages of other origins are refused, and nobody else is.</summary>
internal static class OriginHarms
{
    private const string Foreign = "http://evil.example";

    public static IEnumerable<Harm> All()
    {
        yield return new(
            "pages_under_every_name_of_this_machine", Guard.Origin,
            "A page of another origin asks for connections and posts events, over and over",
            "pages on `localhost`, 127.0.0.1, [::1], without a port and on Vite's; a publisher that is no browser",
            "the other page was served like all of them")
        {
            Count = (200, 5_000),
            Counted = "requests",
            Happens = static async bench =>
            {
                string[] addresses =
                [
                    $"localhost:{bench.Port}", $"127.0.0.1:{bench.Port}", $"[::1]:{bench.Port}",
                    "localhost", "127.0.0.1:5173", "localhost:5173",
                ];
                var pages = await Task.WhenAll(addresses.Select((address, i) => bench.OpenAsync($"user-{i}", address: address)));
                await bench.BeginRunAsync("user-0", "r1", 3_600_000);
                using var http = new HttpClient();
                var served = 0;
                for (var i = 0; i < bench.Count; i++)
                {
                    using var request = i % 2 == 0
                        ? new HttpRequestMessage(HttpMethod.Get, bench.Address("/v1/stream?user_id=user-0"))
                        : new HttpRequestMessage(HttpMethod.Post, bench.Address("/v1/events"))
                        {
                            Content = new StringContent(HarmBench.Json("user-0", "r1", "token", """{"delta":"x"}""")),
                        };
                    request.Headers.Add("Origin", Foreign);
                    using var answer = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
                    served += answer.StatusCode == HttpStatusCode.Forbidden ? 0 : 1;
                }

                await HarmBench.ComeBackAsync(pages);
                await bench.EndRunAsync("user-0", "r1");
                await bench.BackAsync();
                bench.Expect(served == 0, $"{served} requests of the other page were served");
                bench.Expect(pages.All(static page => page.Refusals == 0), "a page of this machine was refused");
            },
        };
    }
}

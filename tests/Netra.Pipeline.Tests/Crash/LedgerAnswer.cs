using System.Net;
using System.Text.Json;
using Netra.Pipeline.Tests.Infrastructure;

namespace Netra.Pipeline.Tests.Crash;

/// <summary>What <c>GET /v1/ledger</c> says at one moment (docs/protocol.md, section 9.4).</summary>
internal sealed record LedgerAnswer(long Accepted, long Acknowledged, long Pending, long Expired, long DeadLettered, long Unaccounted)
{
    /// <returns>Null when there is no such route.</returns>
    public static async Task<LedgerAnswer?> ReadAsync(ServerLife life)
    {
        using var http = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{life.Port}"), Timeout = TestClient.Patience };
        using var response = await http.GetAsync(new Uri("/v1/ledger", UriKind.Relative));
        if (response.StatusCode == HttpStatusCode.NotFound)
        {
            return null;
        }

        response.EnsureSuccessStatusCode();
        var json = JsonElement.Parse(await response.Content.ReadAsByteArrayAsync());
        return new LedgerAnswer(
            Figure("accepted"), Figure("acknowledged"), Figure("pending"), Figure("expired"), Figure("dead_lettered"), Figure("unaccounted"));

        long Figure(string member) => json.GetProperty(member).GetInt64();
    }
}

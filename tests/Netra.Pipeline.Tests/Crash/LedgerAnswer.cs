using System.Text.Json;
using Netra.Pipeline.Tests.Infrastructure;

namespace Netra.Pipeline.Tests.Crash;

/// <summary>What the ledger says at one moment (docs/protocol.md, section 9.4).</summary>
internal sealed record LedgerAnswer(long Accepted, long Acknowledged, long Pending, long Expired, long DeadLettered, long Unaccounted)
{
    /// <summary>Asks over HTTP.</summary>
    /// <param name="life">Whom.</param>
    /// <param name="userId">Whose account; all of them together when null.</param>
    public static async Task<LedgerAnswer> ReadAsync(ServerLife life, string? userId)
    {
        using var http = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{life.Port}"), Timeout = TestClient.Patience };
        var json = JsonElement.Parse(
            await http.GetByteArrayAsync(new Uri(userId is null ? "/v1/ledger" : $"/v1/ledger?user_id={userId}", UriKind.Relative)));
        return new LedgerAnswer(
            Figure("accepted"),
            Figure("acknowledged"),
            Figure("pending"),
            Figure("expired"),
            Figure("dead_lettered"),
            Figure("unaccounted"));

        long Figure(string member) => json.GetProperty(member).GetInt64();
    }
}

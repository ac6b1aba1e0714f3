using System.Text.Json;

namespace Netra.Pipeline.Load.Verify;

/// <summary>Monitoring shows what this run has done: its user with what was published and acknowledged, and the alerts.</summary>
internal sealed class MonitoringCheck(Deployment deployment) : Check("monitoring")
{
    private const string Prefix = "/monitoring/websocket";

    public override async Task<string> RunAsync(CancellationToken cancellationToken)
    {
        if (deployment.Published.Count == 0)
        {
            throw new CheckFailedException("this run could publish nothing, so there is nothing to be shown");
        }

        foreach (var (userId, published) in deployment.Published)
        {
            await Polling.UntilRightAsync(() => ProblemOfUserAsync(userId, published, cancellationToken), cancellationToken);
        }

        var alerts = (await deployment.GetAsync($"{Prefix}/alerts", cancellationToken)).GetProperty("alerts");
        return $"{deployment.Published.Count} users with {deployment.Published.Values.Sum()} events, {alerts.GetArrayLength()} alerts";
    }

    // A user may have had events before this run, but not fewer than this run has published and acknowledged.
    private async Task<string?> ProblemOfUserAsync(string userId, long published, CancellationToken cancellationToken)
    {
        if (await FindUserAsync(userId, cancellationToken) is not { } user)
        {
            return $"{Prefix}/metrics/users does not list {userId}";
        }

        foreach (var name in new[] { "attempted", "accepted", "delivered" })
        {
            if (!user.TryGetProperty(name, out var figure) || figure.GetInt64() < published)
            {
                return Problem(name, figure);
            }
        }

        // The account of a stream that rests in the log, since its user is away, is the ledger's to tell.
        return user.TryGetProperty("acknowledged", out var acknowledged) && acknowledged.GetInt64() < published
            ? Problem("acknowledged", acknowledged)
            : null;

        string Problem(string name, JsonElement figure)
            => $"{Prefix}/metrics/users says of {userId} {name} {(figure.ValueKind == JsonValueKind.Undefined ? "nothing" : figure)}; "
                + $"this run has published {published}";
    }

    private async Task<JsonElement?> FindUserAsync(string userId, CancellationToken cancellationToken)
    {
        var after = string.Empty;
        while (true)
        {
            var page = await deployment.GetAsync($"{Prefix}/metrics/users?limit=1000{after}", cancellationToken);
            foreach (var user in page.GetProperty("users").EnumerateArray())
            {
                if (user.GetProperty("user_id").GetString() == userId)
                {
                    return user;
                }
            }

            if (!page.TryGetProperty("next", out var next))
            {
                return null;
            }

            after = $"&after={Uri.EscapeDataString(next.ToString())}";
        }
    }
}

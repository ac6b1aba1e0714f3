using System.Text.Json;

namespace Netra.Pipeline.Load.Verify;

/// <summary>The deployment says of itself that it is ready and healthy, and its own canary comes through when it is sent now.</summary>
internal sealed class WiringCheck(Deployment deployment) : Check("wiring")
{
    public override async Task<string> RunAsync(CancellationToken cancellationToken)
    {
        var ready = await deployment.GetAsync("/readyz", cancellationToken);
        if (TextOf(ready, "state") != "ready")
        {
            throw new CheckFailedException($"/readyz says that the bridge is {TextOf(ready, "state")}");
        }

        // Verdicts are of single seconds, and others may use the deployment at the same time: it must become healthy, not be so at once.
        await Polling.UntilRightAsync(() => ProblemOfHealthAsync(cancellationToken), cancellationToken);
        var after = await deployment.PostAsync("/monitoring/websocket/emergency/health-check", body: null, cancellationToken);
        var canary = after.GetProperty("canary");
        return TextOf(canary, "status") == "ok"
            ? $"bridge ready, {after.GetProperty("checks").EnumerateObject().Count()} health checks healthy, canary ok"
            : throw new CheckFailedException($"the canary says {canary}");
    }

    private async Task<string?> ProblemOfHealthAsync(CancellationToken cancellationToken)
    {
        JsonElement health;
        try
        {
            health = await deployment.GetAsync("/health", cancellationToken);
        }
        catch (CheckFailedException exception)
        {
            // Unhealthy is answered with 503.
            return exception.Message;
        }

        var wrong = health.GetProperty("checks").EnumerateObject()
            .Where(static check => TextOf(check.Value, "status") != "healthy")
            .Select(static check => $"{check.Name} is {TextOf(check.Value, "status")}: {TextOf(check.Value, "description")}")
            .ToList();
        if (TextOf(health, "status") == "healthy" && wrong.Count == 0)
        {
            return null;
        }

        var issues = wrong.Count > 0 ? wrong : health.GetProperty("issues").EnumerateArray().Select(static issue => issue.GetString());
        return $"/health says {TextOf(health, "status")}: {string.Join("; ", issues)}";
    }

    private static string? TextOf(JsonElement json, string name) => json.TryGetProperty(name, out var value) ? value.ToString() : null;
}

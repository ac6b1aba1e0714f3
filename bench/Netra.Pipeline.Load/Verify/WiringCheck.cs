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

        var health = await deployment.GetAsync("/health", cancellationToken);
        var checks = health.GetProperty("checks").EnumerateObject().ToList();
        var wrong = checks.Where(static check => TextOf(check.Value, "status") != "healthy").Select(static check => $"{check.Name} is {TextOf(check.Value, "status")}: {TextOf(check.Value, "description")}").ToList();
        if (TextOf(health, "status") != "healthy" || wrong.Count > 0)
        {
            throw new CheckFailedException($"/health says {TextOf(health, "status")}: {(wrong.Count == 0 ? string.Join("; ", health.GetProperty("issues").EnumerateArray().Select(static issue => issue.GetString())) : string.Join("; ", wrong))}");
        }

        var after = await deployment.PostAsync("/monitoring/websocket/emergency/health-check", body: null, cancellationToken);
        var canary = after.GetProperty("canary");
        return TextOf(canary, "status") == "ok"
            ? $"bridge ready, {checks.Count} health checks healthy, canary ok"
            : throw new CheckFailedException($"the canary says {canary}");
    }

    private static string? TextOf(JsonElement json, string name) => json.TryGetProperty(name, out var value) ? value.ToString() : null;
}

using System.Net;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Netra.Pipeline.Tests.Infrastructure;

namespace Netra.Pipeline.Tests.Monitoring.Operators;

/// <summary>Monitoring needs nobody who raises alerts: it measures and shows the same, and says that there is none.</summary>
[TestFixture]
[Parallelizable(ParallelScope.All)]
internal sealed class WithoutAlertingTests
{
    private const string Prefix = "/monitoring/websocket";

    [Test]
    public async Task Routes_NobodyRaisesAlerts_ShowThatThereAreNone()
    {
        await using var app = await StartAsync();
        using var http = new HttpClient { BaseAddress = AddressOf(app) };
        await Eventually.BecomesTrueAsync(
            async () => (await http.AskAsync(Prefix + "/health")).Body.Text("status") == "healthy", "the checks have run without alerts");

        var (_, status) = await http.AskAsync(Prefix + "/system/status");
        Assert.That(status.GetProperty("alerting_enabled").GetBoolean(), Is.False);
        Assert.That(status.GetProperty("alerts").GetArrayLength() + status.GetProperty("channels").GetArrayLength(), Is.Zero);

        var (_, dashboard) = await http.AskAsync(Prefix + "/dashboard/websocket_alerts");
        Assert.That(dashboard.GetProperty("alerts").GetArrayLength(), Is.Zero);
        Assert.That(dashboard.TryGetProperty("rules", out _), Is.False, "nothing can be changed");
        Assert.That((await http.AskAsync(Prefix + "/dashboard/websocket_executive")).Body.GetProperty("alerts").GetArrayLength(), Is.Zero);
    }

    [Test]
    public async Task EmergencyMode_NobodyKeepsAnAuditOfAlerts_BeginsAndEnds()
    {
        await using var app = await StartAsync();
        using var http = new HttpClient { BaseAddress = AddressOf(app) };
        using var body = new StringContent("""{"reason":"a drill","author":"ada"}""", System.Text.Encoding.UTF8, "application/json");

        using var begun = await http.PutAsync(new Uri(Prefix + "/emergency/mode", UriKind.Relative), body);
        var mode = JsonElement.Parse(await begun.Content.ReadAsByteArrayAsync());
        var (ended, _) = await http.AskAsync(Prefix + "/emergency/mode", HttpMethod.Delete);

        Assert.That(
            (begun.StatusCode, mode.GetProperty("on").GetBoolean(), mode.Text("author")), Is.EqualTo((HttpStatusCode.OK, true, "ada")));
        Assert.That(ended.StatusCode, Is.EqualTo(HttpStatusCode.OK));
        Assert.That(
            (await http.AskAsync(Prefix + "/alerts")).Response.StatusCode, Is.EqualTo(HttpStatusCode.NotFound), "there is no such route");
    }

    private static Uri AddressOf(WebApplication app)
        => new(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First());

    private static async Task<WebApplication> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { EnvironmentName = "Development" });
        builder.Logging.ClearProviders();
        builder.Services.AddNetraPipelineCore().AddMonitoring().UseInMemoryEventLog();
        builder.WebHost.ConfigureKestrel(
            static options => options.Listen(IPAddress.Loopback, 0, static listener => listener.UseNetraPipeline()));
        var app = builder.Build();
        app.MapNetraPipeline();
        await app.StartAsync();
        return app;
    }
}

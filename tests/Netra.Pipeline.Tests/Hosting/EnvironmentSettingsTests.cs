using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Netra.Pipeline.Alerting;
using Netra.Pipeline.Connections;
using Netra.Pipeline.Monitoring;
using Netra.Pipeline.Tests.Infrastructure;

namespace Netra.Pipeline.Tests.Hosting;

/// <summary>Spec O4: the environment variables of the system that this one replaces.</summary>
[TestFixture]
[Parallelizable(ParallelScope.All)]
internal sealed class EnvironmentSettingsTests
{
    [Test]
    public async Task Variables_Allowed_SetTheirOptionsAndMoveTheRules()
    {
        var (app, _) = PipelineHost.Build(settings:
        [
            ("WEBSOCKET_MONITOR_ENABLED", "true"),
            ("WEBSOCKET_ALERT_ENABLED", "false"),
            ("WEBSOCKET_SILENT_FAILURE_WINDOW", "45"),
            ("WEBSOCKET_HEALTH_CHECK_INTERVAL", "20"),
            ("WEBSOCKET_MIN_SUCCESS_RATE", "0.9"),
            ("WEBSOCKET_MAX_DELIVERY_LATENCY", "500"),
            ("WEBSOCKET_ALERT_COOLDOWN_MINUTES", "7"),
        ]);
        await using (app)
        {
            var monitoring = app.Services.GetRequiredService<IOptions<MonitoringOptions>>().Value;
            var alerting = app.Services.GetRequiredService<IOptions<AlertingOptions>>().Value;
            Assert.That(
                (
                    monitoring.Enabled,
                    monitoring.HealthCheckInterval.TotalSeconds,
                    monitoring.MinSuccessRate,
                    monitoring.MaxDeliveryLatency.TotalMilliseconds),
                Is.EqualTo((true, 20, 0.9, 500)));
            Assert.That((alerting.Enabled, alerting.Cooldown.TotalMinutes), Is.EqualTo((false, 7)));
            Assert.That(
                app.Services.GetRequiredService<IOptions<ConnectionOptions>>().Value.SilentFailureWindow.TotalSeconds, Is.EqualTo(45));
            var rules = app.Services.GetRequiredService<AlertRules>();
            Assert.That((rules.Find("low_success_rate")!.Threshold, rules.Find("high_latency")!.Threshold), Is.EqualTo((0.9, 1.0)));
        }
    }

    [Test]
    public async Task Variables_NotAllowed_AreNamedAllAtOnce()
    {
        var (app, _) = PipelineHost.Build(settings:
        [
            ("WEBSOCKET_MIN_SUCCESS_RATE", "95"),
            ("WEBSOCKET_HEALTH_CHECK_INTERVAL", "soon"),
            ("WEBSOCKET_ALERT_COOLDOWN_MINUTES", "-1"),
            ("WEBSOCKET_SILENT_FAILURE_WINDOW", "1"),
        ]);
        await using (app)
        {
            var thrown = Assert.CatchAsync(() => app.StartAsync())!;
            var text = thrown.ToString();
            Assert.That(
                new[]
                {
                    "WEBSOCKET_MIN_SUCCESS_RATE is '95'",
                    "WEBSOCKET_HEALTH_CHECK_INTERVAL is 'soon'",
                    "WEBSOCKET_ALERT_COOLDOWN_MINUTES is '-1'",
                    "WEBSOCKET_SILENT_FAILURE_WINDOW is '1'",
                },
                Is.All.Matches<string>(problem => text.Contains(problem, StringComparison.Ordinal)), text);
        }
    }
}

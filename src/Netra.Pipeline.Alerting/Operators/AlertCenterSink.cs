using System.Text.Json;
using Netra.Pipeline.Monitoring.Flow;
using Netra.Pipeline.Monitoring.Metrics;

namespace Netra.Pipeline.Alerting.Operators;

/// <summary>Monitoring's way to the alerts.</summary>
internal sealed class AlertCenterSink(AlertCenter alerts) : AlertSink
{
    public override bool IsEnabled => alerts.IsEnabled;

    public override void Evaluate(IReadOnlyList<SignalReading> readings) => alerts.Evaluate(readings);

    public override void Advance() => alerts.Advance();

    public override Task RecordAsync(string author, string action, string subject, string detail, CancellationToken cancellationToken)
        => alerts.RecordAsync(author, action, subject, detail, cancellationToken);

    public override ShownAlerts ShowAlerts() => new(
        JsonSerializer.SerializeToElement(AlertList.Of(alerts.Alerts).Alerts, AlertingJson.Default.IReadOnlyListAlertDocument),
        alerts.Channels);

    public override ShownAlertSettings ShowSettings() => new(
        JsonSerializer.SerializeToElement(RuleList.Of(alerts.Rules).Rules, AlertingJson.Default.IReadOnlyListRuleDocument),
        JsonSerializer.SerializeToElement(PolicyDocument.Of(alerts.Policy), AlertingJson.Default.PolicyDocument),
        JsonSerializer.SerializeToElement(SilenceList.Of(alerts.Silences).Silences, AlertingJson.Default.IReadOnlyListSilenceDocument));
}

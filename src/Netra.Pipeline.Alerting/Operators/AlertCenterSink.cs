using System.Buffers;
using System.Text.Json;
using Netra.Pipeline.Http;
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

    public override ShownAlerts ShowAlerts() => new(ListOf(alerts.Alerts, AlertDocuments.Write), alerts.Channels);

    public override ShownAlertSettings ShowSettings() => new(
        ListOf(alerts.Rules, AlertDocuments.Write),
        ElementOf(json =>
        {
            json.WriteStartObject();
            AlertDocuments.WriteMembers(json, alerts.Policy);
            json.WriteEndObject();
        }),
        ListOf(alerts.Silences, AlertDocuments.Write));

    private static JsonElement ListOf<T>(IEnumerable<T> items, Action<Utf8JsonWriter, T> write) => ElementOf(json =>
    {
        json.WriteStartArray();
        foreach (var item in items)
        {
            write(json, item);
        }

        json.WriteEndArray();
    });

    private static JsonElement ElementOf(Action<Utf8JsonWriter> write)
    {
        var bytes = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(bytes, JsonAnswer.Options))
        {
            write(json);
        }

        return JsonElement.Parse(bytes.WrittenSpan);
    }
}

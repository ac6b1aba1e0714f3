using System.Text.Json;
using Netra.Pipeline.Monitoring.Metrics;

namespace Netra.Pipeline.Monitoring.Flow;

/// <summary>
/// Monitoring's connection to alerting: it takes readings and operators' actions, and shows alerts to operators' routes. Monitoring works
/// without alerting: then each member does nothing, or shows that there is nothing. Safe to use from any thread.
/// </summary>
internal abstract class AlertSink
{
    /// <summary>The sink without alerting.</summary>
    public static readonly AlertSink None = new NoAlerting();

    private static readonly JsonElement NoItems = JsonElement.Parse("[]");

    /// <summary>Whether rules are evaluated.</summary>
    public virtual bool IsEnabled => false;

    /// <summary>
    /// Hands over the readings of this second. Called once a second; never throws for what it finds, and waits for nothing.
    /// </summary>
    public virtual void Evaluate(IReadOnlyList<SignalReading> readings)
    {
    }

    /// <summary>Lets a second pass in which nothing is measured.</summary>
    public virtual void Advance()
    {
    }

    /// <summary>Records an operator's action.</summary>
    /// <param name="author">The operator.</param>
    /// <param name="action">What was done.</param>
    /// <param name="subject">To what.</param>
    /// <param name="detail">More, for people; may be empty.</param>
    /// <param name="cancellationToken">Cancels waiting for it to be stored.</param>
    public virtual Task RecordAsync(string author, string action, string subject, string detail, CancellationToken cancellationToken)
        => Task.CompletedTask;

    /// <summary>The alerts and channels there are.</summary>
    public virtual ShownAlerts ShowAlerts() => new(NoItems, []);

    /// <summary>The settings that operators can change; null without alerting.</summary>
    public virtual ShownAlertSettings? ShowSettings() => null;

    private sealed class NoAlerting : AlertSink;
}

/// <summary>The alerts that are on, as the operators' routes show them.</summary>
/// <param name="Alerts">A list of alerts (docs/protocol.md, section 11.1).</param>
/// <param name="Channels">The channels there are.</param>
internal readonly record struct ShownAlerts(JsonElement Alerts, IReadOnlyCollection<string> Channels);

/// <summary>
/// The settings of alerting that operators can change, as the operators' routes show it (docs/protocol.md, section 11.1).
/// </summary>
/// <param name="Rules">A list of rules.</param>
/// <param name="EscalationPolicy">The escalation policy.</param>
/// <param name="Silences">A list of silences.</param>
internal sealed record ShownAlertSettings(JsonElement Rules, JsonElement EscalationPolicy, JsonElement Silences);

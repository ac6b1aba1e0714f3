using System.Text.Json;
using Netra.Pipeline.Monitoring.Metrics;

namespace Netra.Pipeline.Monitoring.Flow;

/// <summary>
/// What monitoring tells whoever raises alerts, and what operators' pages show of them. Monitoring works without: then each member does
/// nothing, or shows that there is nothing. Safe to use from any thread.
/// </summary>
internal abstract class AlertSink
{
    /// <summary>Nobody raises alerts.</summary>
    public static readonly AlertSink None = new Nobody();

    private static readonly JsonElement NoItems = JsonElement.Parse("[]");

    /// <summary>Whether rules are evaluated.</summary>
    public virtual bool IsEnabled => false;

    /// <summary>
    /// Hands over what was measured in this second. Called once a second; never throws for what it finds, and waits for nothing.
    /// </summary>
    public virtual void Evaluate(IReadOnlyList<SignalReading> readings)
    {
    }

    /// <summary>Says that a second has passed in which nothing is measured.</summary>
    public virtual void Advance()
    {
    }

    /// <summary>Keeps in the operators' audit that somebody changed something.</summary>
    /// <param name="author">Who.</param>
    /// <param name="action">What was done.</param>
    /// <param name="subject">To what.</param>
    /// <param name="detail">More, for people; may be empty.</param>
    /// <param name="cancellationToken">Cancels waiting for it to be stored.</param>
    public virtual Task RecordAsync(string author, string action, string subject, string detail, CancellationToken cancellationToken)
        => Task.CompletedTask;

    /// <summary>What is on now.</summary>
    public virtual ShownAlerts ShowAlerts() => new(NoItems, []);

    /// <summary>What can be changed of alerts; null where nothing can be.</summary>
    public virtual ShownAlertSettings? ShowSettings() => null;

    private sealed class Nobody : AlertSink;
}

/// <summary>The alerts that are on, as the operators' routes show them.</summary>
/// <param name="Alerts">A list of alerts (docs/protocol.md, section 11.1).</param>
/// <param name="Channels">The channels there are.</param>
internal readonly record struct ShownAlerts(JsonElement Alerts, IReadOnlyCollection<string> Channels);

/// <summary>What can be changed of alerts, as the operators' routes show it (docs/protocol.md, section 11.1).</summary>
/// <param name="Rules">A list of rules.</param>
/// <param name="EscalationPolicy">Who is told.</param>
/// <param name="Silences">A list of silences.</param>
internal sealed record ShownAlertSettings(JsonElement Rules, JsonElement EscalationPolicy, JsonElement Silences);

using System.ComponentModel.DataAnnotations;

namespace Netra.Pipeline.Alerting.Notifiers;

/// <summary>The channel <c>alertmanager</c>: a Prometheus Alertmanager. Configuration section <c>Netra:Alerting:Alertmanager</c>.</summary>
public sealed class AlertmanagerOptions
{
    /// <summary>Its root, an absolute <c>http</c> or <c>https</c> URL such as <c>http://127.0.0.1:9093</c>. Default none: there is no such channel.</summary>
    public string? Url { get; set; }

    /// <summary>How often it is told again what fires. Range 1 s to 5 min, default 1 min. It takes an alert for over that it has not been told of for four times as long.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:05:00")]
    public TimeSpan ResendInterval { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>How many alerts are told again. Range 10 to 10,000, default 1,000. One more is refused, so that it is tried again later.</summary>
    [Range(10, 10_000)]
    public int MaxAlerts { get; set; } = 1_000;
}

using System.ComponentModel.DataAnnotations;

namespace Netra.Pipeline.Alerting.Notifiers;

/// <summary>The channel <c>pagerduty</c>. Configuration section <c>Netra:Alerting:PagerDuty</c>.</summary>
public sealed class PagerDutyOptions
{
    /// <summary>The integration key of the service that is told: 32 letters and digits. Default none: there is no such channel.</summary>
    public string? RoutingKey { get; set; }

    /// <summary>The key for the level <c>engineering</c>. Default: <see cref="RoutingKey"/>.</summary>
    public string? EngineeringRoutingKey { get; set; }

    /// <summary>The key for the level <c>management</c>. Default: <see cref="RoutingKey"/>.</summary>
    public string? ManagementRoutingKey { get; set; }

    /// <summary>The key for the level <c>executive</c>. Default: <see cref="RoutingKey"/>.</summary>
    public string? ExecutiveRoutingKey { get; set; }

    /// <summary>Where events are posted: an absolute <c>https</c> URL, or an <c>http</c> one of this machine. Default <c>https://events.pagerduty.com/v2/enqueue</c>.</summary>
    public string Url { get; set; } = "https://events.pagerduty.com/v2/enqueue";

    /// <summary>What is said to be affected. 1 to 255 characters, default the machine's name.</summary>
    [Length(1, 255)]
    public string Source { get; set; } = Environment.MachineName;
}

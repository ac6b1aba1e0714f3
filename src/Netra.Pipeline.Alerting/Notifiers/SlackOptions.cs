namespace Netra.Pipeline.Alerting.Notifiers;

/// <summary>The channel <c>slack</c>: an incoming webhook. Configuration section <c>Netra:Alerting:Slack</c>.</summary>
public sealed class SlackOptions
{
    /// <summary>The webhook, which is a secret: an absolute <c>https</c> URL, or an <c>http</c> one of this machine. Default none: there is no such channel.</summary>
    public string? Url { get; set; }
}

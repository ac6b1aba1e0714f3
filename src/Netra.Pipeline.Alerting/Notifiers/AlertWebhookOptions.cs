namespace Netra.Pipeline.Alerting.Notifiers;

/// <summary>The channel <c>webhook</c>, signed by Standard Webhooks. Configuration section <c>Netra:Alerting:Webhook</c>.</summary>
public sealed class AlertWebhookOptions
{
    /// <summary>The receiver, an absolute <c>http</c> or <c>https</c> URL. Default none: there is no such channel. Needs <see cref="Secret"/>.</summary>
    public string? Url { get; set; }

    /// <summary>What posts are signed with: <c>whsec_</c> and 24 to 64 bytes in base64. Default none. Needs <see cref="Url"/>.</summary>
    public string? Secret { get; set; }
}

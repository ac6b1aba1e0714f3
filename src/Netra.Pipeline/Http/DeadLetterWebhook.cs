namespace Netra.Pipeline.Http;

/// <summary>Whether dead letters go to a webhook, for what the listing says of each.</summary>
/// <param name="IsConfigured">Whether there is one.</param>
internal sealed record DeadLetterWebhook(bool IsConfigured);

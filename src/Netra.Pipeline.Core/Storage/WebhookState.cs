namespace Netra.Pipeline.Storage;

/// <summary>How far the webhook has come with a dead letter.</summary>
public enum WebhookState
{
    /// <summary>It has not been taken yet; also when no webhook is configured.</summary>
    Waiting,

    /// <summary>The receiver has taken it.</summary>
    Delivered,

    /// <summary>The receiver has not taken it, after the last try.</summary>
    Failed,
}

using Netra.Pipeline.Storage;

namespace Netra.Pipeline.Delivery;

/// <summary>A dead letter that the webhook has not come to an end with. The outbox owns it.</summary>
internal sealed class WebhookEntry(long number)
{
    public long Number { get; } = number;

    /// <summary>How often it was posted.</summary>
    public int Tries { get; set; }

    /// <summary>The timestamp before which it is not posted again; 0 for at once.</summary>
    public long DueAt { get; set; }

    /// <summary>How it ended, and the log does not know yet; null while it has not.</summary>
    public WebhookState? Outcome { get; set; }
}

namespace Netra.Pipeline.Storage;

/// <summary>An event that no device confirmed.</summary>
/// <param name="Number">Its own number among dead letters, from 1, in the order in which they came.</param>
/// <param name="UserId">Whose event it is.</param>
/// <param name="StreamId">The event's stream.</param>
/// <param name="Seq">The event's number.</param>
/// <param name="Cause">Why it is here.</param>
/// <param name="Attempts">How often it was sent; 0 when it expired unsent, or it is not known.</param>
/// <param name="At">When it came here.</param>
/// <param name="State">What became of it.</param>
/// <param name="ReplayedAs">The id of the event that repeats it, if one does.</param>
/// <param name="Webhook">How far the webhook has come with it.</param>
/// <param name="Buffer">The owner tag and the encoded event.</param>
public sealed record DeadLetter(
    long Number,
    string UserId,
    ulong StreamId,
    long Seq,
    DeadLetterCause Cause,
    int Attempts,
    DateTimeOffset At,
    DeadLetterState State,
    string? ReplayedAs,
    WebhookState Webhook,
    byte[] Buffer);

/// <summary>Why an event is a dead letter.</summary>
public enum DeadLetterCause
{
    /// <summary>It stayed unconfirmed after its last try.</summary>
    Unconfirmed,

    /// <summary>Retention deleted it before a device had acknowledged it.</summary>
    Expired,
}

/// <summary>What became of a dead letter.</summary>
public enum DeadLetterState
{
    /// <summary>No operator has dealt with it.</summary>
    Waiting,

    /// <summary>An operator has sent it again, as a new event.</summary>
    Replayed,

    /// <summary>An operator has dropped it.</summary>
    Dropped,

    /// <summary>A device has acknowledged the event after all.</summary>
    Acknowledged,
}

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

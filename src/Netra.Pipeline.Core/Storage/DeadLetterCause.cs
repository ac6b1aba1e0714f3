namespace Netra.Pipeline.Storage;

/// <summary>Why an event is a dead letter.</summary>
public enum DeadLetterCause
{
    /// <summary>It stayed unconfirmed after its last try.</summary>
    Unconfirmed,

    /// <summary>Retention deleted it before anybody had acknowledged it.</summary>
    Expired,
}

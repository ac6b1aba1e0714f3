namespace Netra.Pipeline.Client;

/// <summary>How an <see cref="EventClient"/> is, and why.</summary>
/// <param name="Status">How.</param>
/// <param name="Reason">Why, in words; empty where there is nothing to say.</param>
/// <param name="RetryIn">How long it waits before it connects again; null where it does not wait.</param>
public sealed record ClientState(ClientStatus Status, string Reason = "", TimeSpan? RetryIn = null);

/// <summary>How an <see cref="EventClient"/> is. Closed.</summary>
public enum ClientStatus
{
    /// <summary>Nobody reads, or reading has ended because the application wants it so.</summary>
    Disconnected,

    /// <summary>The first connection is being made.</summary>
    Connecting,

    /// <summary>There is a connection, and nothing of the past is missing.</summary>
    Connected,

    /// <summary>The connection was lost and comes again, or it is there and brings what was missed.</summary>
    Recovering,

    /// <summary>Connecting again would only repeat what went wrong: reading has ended with an <see cref="EventClientException"/>.</summary>
    Failed,
}

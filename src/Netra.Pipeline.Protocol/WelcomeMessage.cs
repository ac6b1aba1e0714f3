namespace Netra.Pipeline.Protocol;

/// <summary><c>welcome</c>: the first message on every connection (docs/protocol.md, section 2.2).</summary>
/// <param name="ConnectionId">Names the connection.</param>
/// <param name="UserId">The user the server takes the client for.</param>
/// <param name="Epoch">The history that numbers belong to.</param>
/// <param name="Seq">The head at that moment, from 0.</param>
/// <param name="From">Where this connection's coverage begins, from 0.</param>
/// <param name="Resumed">Whether numbers continue the client's history.</param>
/// <param name="PingIntervalMs">The interval of pings, in milliseconds, from 1.</param>
/// <param name="PingTimeoutMs">How long after a missed ping the connection counts as dead, in milliseconds, from 1.</param>
/// <param name="AckIntervalMs">How often the server would like to be acknowledged, in milliseconds, from 1.</param>
/// <param name="AckEvery">After how many events the server would like to be acknowledged, from 1.</param>
public sealed record WelcomeMessage(
    string ConnectionId,
    string UserId,
    string Epoch,
    long Seq,
    long From,
    bool Resumed,
    long PingIntervalMs,
    long PingTimeoutMs,
    long AckIntervalMs,
    int AckEvery) : ServerMessage
{
    /// <summary>The user's tenant; <see langword="null"/> where there is none.</summary>
    public string? TenantId { get; init; }

    /// <summary>How long the credential is valid, in milliseconds from 0; <see langword="null"/> where it has no end.</summary>
    public long? ExpiresInMs { get; init; }

    /// <summary>
    /// What authenticates the posts of an event stream that was opened with a ticket; <see langword="null"/> elsewhere. It belongs in no
    /// log.
    /// </summary>
    public string? PostKey { get; init; }
}

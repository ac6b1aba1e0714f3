namespace Netra.Pipeline.Client;

/// <summary>What the connections of one client share.</summary>
internal sealed record ClientParts(
    EventClientOptions Options,
    ClientLog Log,
    ClientMetrics Metrics,
    Inbox Inbox,
    Progress Progress,
    PendingRequests Requests,
    ServerAddress Address,
    CurrentConnection Current,
    Action<ClientState> SetState);

/// <summary>The connection that is up, which is not always the one that an event came on.</summary>
internal sealed class CurrentConnection
{
    private volatile ClientConnection? _value;

    public ClientConnection? Value
    {
        get => _value;
        set => _value = value;
    }
}

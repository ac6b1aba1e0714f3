namespace Netra.Pipeline.Connections;

/// <summary>A <c>cancel_run</c> that a page has sent up its socket. Immutable.</summary>
public sealed record ClientCancelRun
{
    /// <summary>The authenticated user of the connection; nothing the page wrote. Only this user's runs may be cancelled.</summary>
    public required string UserId { get; init; }

    /// <summary>The user's tenant, as the connection was authenticated; empty for none. Default: none.</summary>
    public string TenantId { get; init; } = string.Empty;

    /// <summary>The connection it came on.</summary>
    public required string ConnectionId { get; init; }

    /// <summary>The id the page gave the message; it is answered under it.</summary>
    public required string MessageId { get; init; }

    /// <summary>The run's thread.</summary>
    public required string ThreadId { get; init; }

    /// <summary>The run to cancel.</summary>
    public required string RunId { get; init; }
}

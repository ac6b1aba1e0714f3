using System.Text.Json.Nodes;

namespace Netra.Pipeline.Connections;

/// <summary>A <c>chat_message</c> that a page has sent up its socket. Immutable.</summary>
public sealed record ClientChatMessage
{
    /// <summary>The authenticated user of the connection; nothing the page wrote.</summary>
    public required string UserId { get; init; }

    /// <summary>The user's tenant, as the connection was authenticated; empty for none. Default: none.</summary>
    public string TenantId { get; init; } = string.Empty;

    /// <summary>The connection it came on.</summary>
    public required string ConnectionId { get; init; }

    /// <summary>The id the page gave the message; it is answered under it.</summary>
    public required string MessageId { get; init; }

    /// <summary>The thread the message belongs to.</summary>
    public required string ThreadId { get; init; }

    /// <summary>What the user wrote.</summary>
    public required string Content { get; init; }

    /// <summary>What the page added, if anything.</summary>
    public JsonNode? Data { get; init; }
}

using Netra.Pipeline.Protocol;

namespace Netra.Pipeline.Client;

/// <summary>Something that waits for the application, in order.</summary>
/// <param name="Kind">What.</param>
/// <param name="Connection">What it came on.</param>
/// <param name="Generation">The history that it belongs to (<see cref="Progress"/>).</param>
/// <param name="ArrivedAt">When it came, as a time stamp of the client's clock.</param>
/// <param name="Bytes">How long it was on the wire.</param>
internal readonly record struct InboxItem(InboxItemKind Kind, ClientConnection Connection, int Generation, long ArrivedAt, int Bytes)
{
    /// <summary>The event, where it is one.</summary>
    public EventMessage? Event { get; init; }

    /// <summary>What is wrong with the event, if something is.</summary>
    public string? Problem { get; init; }

    /// <summary>The gap, where it is one.</summary>
    public GapMessage? Gap { get; init; }
}

/// <summary>What waits for the application. Closed.</summary>
internal enum InboxItemKind
{
    Event,
    Gap,

    /// <summary>Another history begins.</summary>
    Reset,

    /// <summary>All that there was when the connection began has come.</summary>
    CaughtUp,
}

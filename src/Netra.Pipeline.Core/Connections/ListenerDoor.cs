namespace Netra.Pipeline.Connections;

/// <summary>
/// Whether the connections of a listener come to a door of the pipeline's, where requests are awaited. The host's other listeners may wait
/// for their peers as long as they like.
/// </summary>
/// <remarks>Guarded by the lock of <see cref="ConnectionSlots"/>.</remarks>
internal sealed class ListenerDoor
{
    /// <summary>Whether a connection has reached the door.</summary>
    public bool IsThere { get; set; }
}

namespace Netra.Pipeline.Connections;

/// <summary>
/// Whether the connections of a listener come to a door of the pipeline's, where requests are waited for: what else a host listens
/// for may wait for its peers as it likes.
/// </summary>
/// <remarks>Guarded by the slots.</remarks>
internal sealed class ListenerDoor
{
    /// <summary>Whether one of them has come there.</summary>
    public bool IsThere { get; set; }
}

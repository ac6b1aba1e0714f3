namespace Netra.Pipeline.Edge;

/// <summary>
/// Metadata of a route: what is asked of its requests beside their host. A route without it asks for the origin where the method is one
/// that changes something.
/// </summary>
/// <param name="AsksForOrigin">Whether the origin is asked for whatever the method is.</param>
/// <param name="IsForPages">Whether pages of other origins, if they are on the list, may read its answers.</param>
/// <param name="IsHandshake">Whether it opens a connection.</param>
internal sealed record RouteRules(bool AsksForOrigin, bool IsForPages, bool IsHandshake)
{
    /// <summary>A route that changes something by a method that says otherwise.</summary>
    public static readonly RouteRules Changing = new(AsksForOrigin: true, IsForPages: false, IsHandshake: false);

    /// <summary>A route that pages use.</summary>
    public static readonly RouteRules Page = new(AsksForOrigin: true, IsForPages: true, IsHandshake: false);

    /// <summary>A route that opens an event stream.</summary>
    public static readonly RouteRules Stream = new(AsksForOrigin: true, IsForPages: true, IsHandshake: true);

    /// <summary>A route that opens a WebSocket; browsers let every page read it.</summary>
    public static readonly RouteRules WebSocket = new(AsksForOrigin: true, IsForPages: false, IsHandshake: true);
}

using System.ComponentModel.DataAnnotations;

namespace Netra.Pipeline.WebSockets;

/// <summary>Where WebSockets are taken. Configuration section <c>Netra:WebSockets</c>.</summary>
public sealed class WebSocketDoorOptions
{
    /// <summary>The path of the WebSocket, compared to the letter. Default <c>/ws</c>.</summary>
    [Required]
    [RegularExpression("^/[A-Za-z0-9/_.-]*$")]
    public string Path { get; set; } = "/ws";
}

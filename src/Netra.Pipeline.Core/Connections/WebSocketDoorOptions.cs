using System.ComponentModel.DataAnnotations;

namespace Netra.Pipeline.Connections;

/// <summary>Where WebSockets are taken. Configuration section <c>Netra:WebSockets</c>.</summary>
public sealed class WebSocketDoorOptions
{
    /// <summary>The path of the WebSocket, compared to the letter. Default <c>/ws</c>.</summary>
    [Required]
    [RegularExpression("^/[A-Za-z0-9/_.-]*$")]
    public string Path { get; set; } = "/ws";

    /// <summary>
    /// How long authenticating a handshake and loading its user's stream may take. Range 100 ms to 5 min, default
    /// 10 s. Then it is refused with 503.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "00:05:00")]
    public TimeSpan AdmissionTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// Whether messages are compressed for clients that offer it (permessage-deflate, RFC 7692). Default no: over TLS, what is compressed
    /// together with text that somebody else chose shows its length.
    /// </summary>
    public bool Compression { get; set; }

    /// <summary>
    /// How many connections may keep what they have sent before, about 160 KB each, and so compress the next message better. Range 0 to
    /// 1,000,000, default 256. The messages of others are compressed one by one, in buffers that all share.
    /// </summary>
    [Range(0, 1_000_000)]
    public int CompressionContexts { get; set; } = 256;
}

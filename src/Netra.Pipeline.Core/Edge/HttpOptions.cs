using System.ComponentModel.DataAnnotations;

namespace Netra.Pipeline.Edge;

/// <summary>
/// Which pages may talk to this server, and under which path it is reached. Configuration section <c>Netra:Http</c>. The names that it
/// answers to are those of the standard key <c>AllowedHosts</c>.
/// </summary>
public sealed class HttpOptions
{
    /// <summary>
    /// The origins of pages, besides the server's own, that may open connections and read answers: <c>https://chat.example.com</c>, each
    /// with its scheme and, where it is not the scheme's own, its port. Default none.
    /// </summary>
    public IList<string> AllowedOrigins { get; } = [];

    /// <summary>
    /// The path under which everything is reached, such as <c>/netra</c>, where a proxy passes it on; a proxy may as well strip it. Default
    /// none.
    /// </summary>
    [RegularExpression("^(/[A-Za-z0-9_.~-]+)*$")]
    public string PathBase { get; set; } = string.Empty;
}

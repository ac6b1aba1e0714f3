using System.ComponentModel.DataAnnotations;

namespace Netra.Pipeline.Hosting;

/// <summary>Times of start and stop. Configuration section <c>Netra:Hosting</c>.</summary>
public sealed class HostingOptions
{
    /// <summary>How long the startup verification may take. Range 1 s to 5 min, default 10 s. The host does not start when it takes longer.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:05:00")]
    public TimeSpan VerificationTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>How long open runs may go on once the host stops. Range 0 to 1 h, default 10 s. Then they are cancelled.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "01:00:00")]
    public TimeSpan DrainTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>How long pages have to answer the goodbye once the host stops. Range 0 to 1 min, default 250 ms. Then their transports are cut.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:01:00")]
    public TimeSpan GoodbyeTimeout { get; set; } = TimeSpan.FromMilliseconds(250);
}

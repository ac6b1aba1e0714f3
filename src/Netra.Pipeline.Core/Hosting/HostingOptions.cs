using System.ComponentModel.DataAnnotations;

namespace Netra.Pipeline.Hosting;

/// <summary>Times of start and stop. Configuration section <c>Netra:Hosting</c>.</summary>
public sealed class HostingOptions
{
    /// <summary>
    /// How long the startup verification may take. Range 1 s to 5 min, default 30 s. The host does not start when it takes longer. It takes
    /// about a second of a processor, most of it for compiling: where a container has a tenth of one, that is ten.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:05:00")]
    public TimeSpan VerificationTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>How long open runs may go on once the host stops. Range 0 to 1 h, default 10 s. Then they are cancelled.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "01:00:00")]
    public TimeSpan DrainTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// How long pages have to answer the goodbye once the host stops. Range 0 to 1 min, default 250 ms. Then their transports are cut.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:01:00")]
    public TimeSpan GoodbyeTimeout { get; set; } = TimeSpan.FromMilliseconds(250);

    /// <summary>
    /// Over which time pages spread when the server asks them to connect elsewhere, since it drains or stops. Range 0 to 10 min, default
    /// 3 s. Few pages get less of it: 1 ms for each, and 1 s at least.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:10:00")]
    public TimeSpan ReconnectWindow { get; set; } = TimeSpan.FromSeconds(3);

    /// <summary>
    /// How long a server waits for its data folder at the start while another process holds it. Range 0 to 1 d, default 0: it does not
    /// wait, and does not start. Above 0, the server's port may be taken over too: its sockets are shared (<c>SO_REUSEPORT</c>).
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00", "1.00:00:00")]
    public TimeSpan WaitForFolder { get; set; }

    /// <summary>
    /// Whether the server stops by itself when another process waits for its data folder; at the earliest a minute after it became ready,
    /// so that two processes that are both kept alive do not take the folder from each other for ever. Default <c>false</c>.
    /// </summary>
    public bool HandOver { get; set; }

    /// <summary>
    /// How many file handles are kept from connections, for the log, alerts, monitor and whatever else opens files. Range 32 to 1,000,000,
    /// default 128. The host does not start when the process may not open enough for it (<c>ulimit -n</c>).
    /// </summary>
    [Range(32, 1_000_000)]
    public int ReservedHandles { get; set; } = 128;
}

using System.ComponentModel.DataAnnotations;

namespace Netra.Pipeline.Emission;

/// <summary>Limits of emission. Configuration section <c>Netra:Emission</c>.</summary>
public sealed class EmissionOptions
{
    /// <summary>
    /// How long an event waits where the log is full, or cannot store anything at the moment, before it is refused. Range 0 to 1 h, default
    /// 30 s: what a stored event may take as well. With 0 it is refused at once.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00", "01:00:00")]
    public TimeSpan RoomTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// What the events that wait for room may hold together, in bytes. Range 64 KiB to 64 GiB, default 64 MiB: some 50,000 tokens. One more
    /// is refused at once.
    /// </summary>
    [Range(64L * 1024, 64L * 1024 * 1024 * 1024)]
    public long WaitingBytes { get; set; } = 64L * 1024 * 1024;
}

using System.ComponentModel.DataAnnotations;

namespace Netra.Pipeline.Storage;

/// <summary>Limits of <see cref="InMemoryEventLog"/>. Configuration section <c>Netra:Log:InMemory</c>.</summary>
public sealed class InMemoryEventLogOptions
{
    /// <summary>What retention keeps in all, in bytes. Range 64 KiB to 64 GiB, default 128 MiB.</summary>
    [Range(64L * 1024, 64L * 1024 * 1024 * 1024)]
    public long RetainedBytes { get; set; } = 128L * 1024 * 1024;

    /// <summary>
    /// Where the log takes no more until retention has run, in bytes. Not below <see cref="RetainedBytes"/>; default 256
    /// MiB. Emitters get <c>log_full</c> then.
    /// </summary>
    [Range(64L * 1024, 64L * 1024 * 1024 * 1024)]
    public long MaxBytes { get; set; } = 256L * 1024 * 1024;
}

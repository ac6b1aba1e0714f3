using System.ComponentModel.DataAnnotations;

namespace Netra.Pipeline.Storage;

/// <summary>Where files live. Configuration section <c>Netra</c>.</summary>
public sealed class DataOptions
{
    /// <summary>
    /// The folder of everything that is to survive the process; made when it is missing. Default <c>data</c>, in the current directory.
    /// </summary>
    [Required]
    public string DataDirectory { get; set; } = "data";
}

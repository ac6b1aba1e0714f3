using System.ComponentModel.DataAnnotations;

namespace Netra.Pipeline.Server.Demo;

/// <summary>How the demo agent behaves. Bound from <c>Netra:Demo</c>.</summary>
public sealed class DemoOptions
{
    /// <summary>The configuration section these options are bound from.</summary>
    public const string SectionName = "Netra:Demo";

    /// <summary>
    /// The pause after each word of an answer, 0 to 10 s. Default 15 ms: about as fast as a hosted model writes, so
    /// that streaming can be seen.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:00:10")]
    public TimeSpan TokenDelay { get; set; } = TimeSpan.FromMilliseconds(15);

    /// <summary>
    /// The pause between the numbers of "count to …", 0 to 10 s. Default 250 ms: slow enough to press Cancel in the middle.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:00:10")]
    public TimeSpan CountDelay { get; set; } = TimeSpan.FromMilliseconds(250);

    /// <summary>
    /// The directory of the documents that are searched and read, relative to the application. Default <c>documents</c>,
    /// where the build puts the project's own.
    /// </summary>
    [Required]
    public string DocumentsDirectory { get; set; } = "documents";
}
